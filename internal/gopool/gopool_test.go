package gopool_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gws-outbound/internal/gopool"
)

func TestEachRunsOnce(t *testing.T) {
	var mu sync.Mutex
	ran := map[int]int{}
	var all sync.WaitGroup
	for i := range 1000 {
		all.Add(1)
		gopool.Go(func() {
			defer all.Done()
			mu.Lock()
			ran[i]++
			mu.Unlock()
		})
	}
	all.Wait()
	require.Len(t, ran, 1000)
	for i, n := range ran {
		require.Equal(t, 1, n, i)
	}
}

// One that waits does not keep others from running.
func TestTheyDoNotWaitForEachOther(t *testing.T) {
	start, done := make(chan struct{}), make(chan struct{})
	for range 100 {
		gopool.Go(func() {
			<-start
			done <- struct{}{}
		})
	}
	close(start)
	for range 100 {
		<-done
	}
}

var deep func(n int) int

// BenchmarkGo is a function whose calls nest, as those of a request do; BenchmarkGoStatement the same
// by a go statement.
func BenchmarkGo(b *testing.B)          { benchmark(b, gopool.Go) }
func BenchmarkGoStatement(b *testing.B) { benchmark(b, func(f func()) { go f() }) }

func benchmark(b *testing.B, spawn func(func())) {
	deep = func(n int) int {
		if n == 0 {
			return 0
		}
		var frame [256]byte
		frame[n] = byte(n)
		return deep(n-1) + int(frame[n])
	}
	done := make(chan struct{})
	for b.Loop() {
		spawn(func() {
			deep(40)
			done <- struct{}{}
		})
		<-done
	}
}
