//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// usage is what a process has used.
type usage struct {
	cpu float64 // seconds, of all its threads
	rss float64 // bytes of memory now
}

func usageOf(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, fmt.Errorf("what a process uses is read from /proc: %w", err)
	}
	// The name of the program, in parentheses, may hold anything.
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	fields := strings.Fields(rest)
	const utime, stime, rss = 11, 12, 21 // without the first two fields
	if len(fields) <= rss {
		return usage{}, fmt.Errorf("/proc/%d/stat is not understood: %q", pid, stat)
	}
	number := func(i int) float64 {
		n, _ := strconv.ParseFloat(fields[i], 64) // the kernel writes numbers
		return n
	}
	const hertz = 100 // USER_HZ, the same on every architecture of Linux that Go knows
	return usage{cpu: (number(utime) + number(stime)) / hertz, rss: number(rss) * float64(os.Getpagesize())}, nil
}

var heapUsed = regexp.MustCompile(`used (\d+)K`)

// liveHeap is how many bytes of a JVM's heap are alive, after a full
// collection; 0 without the JDK's jcmd.
func liveHeap(pid int) float64 {
	of := strconv.Itoa(pid)
	if exec.Command("jcmd", of, "GC.run").Run() != nil {
		return 0
	}
	said, err := exec.Command("jcmd", of, "GC.heap_info").Output()
	if err != nil {
		return 0
	}
	m := heapUsed.FindSubmatch(said)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64) // digits
	return kb * 1024
}

// checkFiles refuses what the limit of open files does not let happen half-way.
// The soft limit has been raised to the hard one by then: Go does that.
func checkFiles(need int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Cur < uint64(need) {
		return fmt.Errorf("the limit of open files is %d, and %d are needed: ulimit -n %d, or fewer agents", limit.Cur, need, need)
	}
	return nil
}

// machine describes where this runs.
func machine() Machine {
	m := Machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Model: "unknown"}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if found := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(text); found != nil {
			m.Model = string(found[1])
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if found := regexp.MustCompile(`MemTotal:\s*(\d+) kB`).FindSubmatch(text); found != nil {
			kb, _ := strconv.Atoi(string(found[1])) // digits
			m.MemoryMB = kb / 1024
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(text), " ")
		m.LoadBefore, _ = strconv.ParseFloat(first, 64) // the kernel writes a number
	}
	return m
}
