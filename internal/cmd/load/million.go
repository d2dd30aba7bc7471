//go:build linux

package main

import (
	"fmt"
	"math"
	"time"
)

// What is assumed on paper, not measured.
const (
	million     = 1_000_000
	perHour     = 20.0 // completions of an agent
	nodeCores   = 8.0
	nodeHeap    = 16.0 // GB that a JVM may have
	busyShare   = 0.5  // of its cores that a node may use from day to day
	liveShare   = 0.5  // of its heap that may be alive, for the collector's sake
	held        = 30.0 // seconds for which a connect is held
	keptAlive   = 30.0 // seconds for which the connection of a POST stays open after it
	restartTime = 30 * time.Second
)

// onPaper are two tables about a million agents: what they cost, and how many nodes
// that makes, derived from what was measured with fewer.
func onPaper(r *Result) (costs, nodes string) {
	n := float64(r.Agents)
	heap := r.Memory.ServerHeap / n               // bytes
	connect := r.Connect.ServerCPU / n            // seconds
	idle := r.Idle.ServerCPU / r.Idle.Seconds / n // cores
	completion := r.Steady.ServerCPU              // seconds
	perSecond := million * perHour / 3600
	totalHeap := million * heap / (1 << 30)
	cores := million*idle + perSecond*completion

	rows := [][]string{{"what", "formula", "result"}}
	add := func(what, formula, result string) { rows = append(rows, []string{what, formula, result}) }
	add("WebSockets held", "N", grouped(million))
	add("live heap of the servers", fmt.Sprintf("N x %.1f KB", heap/1024), fmt.Sprintf("%.0f GB", totalHeap))
	add("connects, to be held again", fmt.Sprintf("N / %.0f s", held), grouped(million/held)+"/s")
	add("CPU of holding them", fmt.Sprintf("N x %.4f ms/s", 1000*idle), fmt.Sprintf("%.1f cores", million*idle))
	add("completions", fmt.Sprintf("N x %.0f/h", perHour), grouped(perSecond)+"/s")
	add("CPU of these", fmt.Sprintf("%s/s x %.2f ms", grouped(perSecond), 1000*completion), fmt.Sprintf("%.1f cores", perSecond*completion))
	add("messages that the servers send", "answers to POSTs, and as many events with a connect reply, + connects held", grouped(3*perSecond+million/held)+"/s")
	add("connections of POSTs beside the WebSockets", fmt.Sprintf("%s/s x %.0f s", grouped(perSecond), keptAlive), grouped(perSecond*keptAlive))
	add("CPU of all connecting once", fmt.Sprintf("N x %.2f ms", 1000*connect), fmt.Sprintf("%s core seconds", grouped(million*connect)))
	costs = table(rows...)

	shares := comingBack(restartTime, false, true)
	peak := busiest(shares)
	byHeap := liveShare * nodeHeap * (1 << 30) / heap
	byCPU := busyShare * nodeCores / (cores / million)
	byReturn := nodeCores / (peak * connect)
	most := min(byHeap, byCPU, byReturn)
	count := math.Ceil(million / most)
	each := million / count
	rows = [][]string{{"what bounds a node", "formula", "agents a node"}}
	add("heap", fmt.Sprintf("%.0f %% of %.0f GB / %.1f KB", 100*liveShare, nodeHeap, heap/1024), grouped(byHeap))
	add("CPU from day to day", fmt.Sprintf("%.0f %% of %.0f cores / %.4f ms/s", 100*busyShare, nodeCores, 1000*cores/million), grouped(byCPU))
	add(fmt.Sprintf("the busiest second after %v away", restartTime), fmt.Sprintf("%.0f cores / (%.1f %% x %.2f ms)", nodeCores, 100*peak, 1000*connect), grouped(byReturn))
	add("**nodes**", fmt.Sprintf("N / %s, rounded up", grouped(most)), fmt.Sprintf("**%.0f**, of %s agents each", count, grouped(each)))
	add("files of each", "agents + their part of the POSTs' connections + 500", grouped(each+perSecond*keptAlive/count+500))
	add("handshakes of one that restarts", fmt.Sprintf("%s x %.1f %%", grouped(each), 100*peak), grouped(each*peak)+" in the busiest second")
	return costs, table(rows...)
}

// outages is a table of how a million agents come back when all servers were
// away, by how long; the CPU that takes follows from r, which may be nil.
func outages(r *Result) string {
	rows := [][]string{{"away for", "busiest second, full jitter", "99 % back after, s more", "busiest second, no jitter", "cores for the former", "for the latter"}}
	for _, away := range outageTimes {
		with, without := comingBack(away, false, true), comingBack(away, false, false)
		cores := func(share float64) string {
			if r == nil {
				return "-"
			}
			return grouped(math.Ceil(share * million * r.Connect.ServerCPU / float64(r.Agents)))
		}
		rows = append(rows, []string{
			fmt.Sprintf("%.0f s", away.Seconds()), grouped(busiest(with) * million), fmt.Sprintf("%.0f", until(with, 0.99)-away.Seconds()),
			grouped(busiest(without) * million), cores(busiest(with)), cores(busiest(without)),
		})
	}
	return table(rows...)
}

var outageTimes = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}

// millionPlot shows a million agents that come back, after outages of several
// lengths.
func millionPlot() plot {
	p := plot{title: "A million agents come back, foreseen from the backoff", xLabel: "seconds since the servers are up again"}
	out := panel{title: "With full jitter, on servers that keep up", yLabel: "handshakes a second"}
	const longest = 90
	for _, away := range outageTimes[1:5] {
		l := line{name: fmt.Sprintf("%.0f s away", away.Seconds()), style: "line"}
		shares := comingBack(away, false, true)
		width := int(time.Second / bucket)
		for i := int(away / bucket); i+width <= len(shares) && len(l.points) < longest; i += width {
			sum := 0.0
			for _, share := range shares[i : i+width] {
				sum += share
			}
			l.points = append(l.points, point{float64(len(l.points)), sum * million})
		}
		out.lines = append(out.lines, l)
	}
	p.panels = []panel{out}
	return p
}
