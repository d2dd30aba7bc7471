//go:build linux

package main

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// plot is a chart with one panel above the other, all with the same axis
// below.
//
// It is drawn by hand. A library (gonum.org/v1/plot was looked at) brings eight
// modules, fonts among them, to go.mod; its pictures do not follow the reader's
// colour scheme and have no accessible name.
type plot struct {
	title  string
	xLabel string
	logX   bool // powers of ten
	panels []panel
}

type panel struct {
	title  string
	yLabel string
	shade  float64 // from 0 to this x, with the text; none if 0
	shaded string
	lines  []line
}

type line struct {
	name   string
	style  string // "bars", "line" or "dots", a line with a dot at each point
	points []point
}

type point struct{ x, y float64 }

const (
	plotWidth   = 760
	panelHeight = 190
	left        = 74
	right       = 34
	above       = 52 // of a panel: its title and the names of its lines
	below       = 26
)

// The style has colours of both schemes; the picture brings its own ground, to
// be read on any page.
const plotStyle = `
  svg { background: #ffffff; font: 13px system-ui, sans-serif; color-scheme: light dark }
  text { fill: #24292f } .title { font-weight: 600; font-size: 15px } .small { fill: #57606a; font-size: 12px }
  .axis { stroke: #8c959f } .grid { stroke: #d8dee4 } .shade { fill: #eaeef2 } .ground { fill: #ffffff }
  .stroke { fill: none; stroke-width: 2; stroke-linejoin: round }
  .s0 { stroke: #0969da } .s1 { stroke: #bc4c00 } .s2 { stroke: #1a7f37 } .s3 { stroke: #8250df }
  .f0 { fill: #0969da } .f1 { fill: #bc4c00 } .f2 { fill: #1a7f37 } .f3 { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 } .ground { fill: #0d1117 }
    text { fill: #e6edf3 } .small { fill: #9198a1 }
    .axis { stroke: #656c76 } .grid { stroke: #2a313c } .shade { fill: #1c232d }
    .s0 { stroke: #58a6ff } .s1 { stroke: #ffa657 } .s2 { stroke: #56d364 } .s3 { stroke: #d2a8ff }
    .f0 { fill: #58a6ff } .f1 { fill: #ffa657 } .f2 { fill: #56d364 } .f3 { fill: #d2a8ff }
  }
`

// svg draws the plot.
func (p plot) svg() string {
	const head = 40
	height := head + len(p.panels)*(above+panelHeight+below) + 30
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		plotWidth, height, plotWidth, height, html.EscapeString(p.title))
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n", html.EscapeString(p.title), plotStyle)
	fmt.Fprintf(&b, `<rect class="ground" width="%d" height="%d"/>`+"\n", plotWidth, height)
	text(&b, "title", "start", left, 26, p.title)

	lowX, highX := p.reach()
	xTicks := ticks(highX, 8)
	if p.logX {
		xTicks = powers(lowX, highX)
	} else {
		lowX = 0
	}
	for i, panel := range p.panels {
		top := float64(head + i*(above+panelHeight+below) + above)
		panel.draw(&b, top, lowX, highX, xTicks, p.logX)
	}
	text(&b, "small", "middle", left+(plotWidth-left-right)/2, float64(height)-12, p.xLabel)
	b.WriteString("</svg>\n")
	return b.String()
}

// reach is the least and the largest x; 1 at least where powers of ten are shown.
func (p plot) reach() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, panel := range p.panels {
		for _, l := range panel.lines {
			for _, at := range l.points {
				low, high = min(low, at.x), max(high, at.x)
			}
		}
	}
	if low > high {
		low, high = 1, 10 // there are none
	}
	if p.logX {
		low = max(low, 1)
	}
	if high <= low {
		high = low + 1
	}
	return low, high
}

func (p panel) draw(b *strings.Builder, top, lowX, highX float64, xTicks []float64, logX bool) {
	highest := 0.0
	for _, l := range p.lines {
		for _, at := range l.points {
			highest = max(highest, at.y)
		}
	}
	yTicks := ticks(max(highest, 1e-9), 4)
	highest = max(highest*1.02, yTicks[len(yTicks)-1])
	x := func(v float64) float64 {
		share := (v - lowX) / (highX - lowX)
		if logX {
			share = (math.Log10(v) - math.Log10(lowX)) / (math.Log10(highX) - math.Log10(lowX))
		}
		return left + share*(plotWidth-left-right)
	}
	y := func(v float64) float64 { return top + panelHeight*(1-v/highest) }

	if p.shade > 0 {
		fmt.Fprintf(b, `<rect class="shade" x="%.1f" y="%.1f" width="%.1f" height="%d"/>`+"\n", x(lowX), top, x(p.shade)-x(lowX), panelHeight)
	}
	for _, v := range yTicks {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`+"\n", left, plotWidth-right, y(v), y(v))
		text(b, "small", "end", left-8, y(v)+4, short(v))
	}
	for _, v := range xTicks {
		fmt.Fprintf(b, `<line class="axis" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n", x(v), x(v), y(0), y(0)+5)
		text(b, "small", "middle", x(v), y(0)+19, short(v))
	}
	fmt.Fprintf(b, `<line class="axis" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`+"\n", left, plotWidth-right, y(0), y(0))
	text(b, "", "start", left, top-28, p.title)
	text(b, "small", "start", left, top-10, p.yLabel)

	at := float64(plotWidth - right)
	for i := len(p.lines) - 1; i >= 0; i-- {
		l := p.lines[i]
		l.draw(b, i%4, x, y)
		text(b, "small", "end", at, top-10, l.name)
		at -= 6.6*float64(len([]rune(l.name))) + 16
		fmt.Fprintf(b, `<rect class="f%d" x="%.1f" y="%.1f" width="12" height="4"/>`+"\n", i%4, at-8, top-16)
		at -= 24
	}
	if p.shade > 0 {
		text(b, "small", "start", x(lowX)+6, top+16, p.shaded)
	}
}

func (l line) draw(b *strings.Builder, colour int, x, y func(float64) float64) {
	if len(l.points) == 0 {
		return
	}
	if l.style == "bars" {
		width := x(l.points[min(1, len(l.points)-1)].x) - x(l.points[0].x)
		for _, at := range l.points {
			if at.y > 0 {
				fmt.Fprintf(b, `<rect class="f%d" x="%.1f" y="%.1f" width="%.2f" height="%.1f"/>`+"\n", colour, x(at.x), y(at.y), max(width, 1), y(0)-y(at.y))
			}
		}
		return
	}
	fmt.Fprintf(b, `<polyline class="stroke s%d" points="`, colour)
	for _, at := range l.points {
		fmt.Fprintf(b, "%.1f,%.1f ", x(at.x), y(at.y))
	}
	b.WriteString(`"/>` + "\n")
	if l.style == "dots" {
		for _, at := range l.points {
			fmt.Fprintf(b, `<circle class="f%d" cx="%.1f" cy="%.1f" r="4"/>`+"\n", colour, x(at.x), y(at.y))
		}
	}
}

func text(b *strings.Builder, class, anchor string, x, y float64, s string) {
	fmt.Fprintf(b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, anchor, x, y, html.EscapeString(s))
}

// ticks are round numbers from 0 to high, about n of them.
func ticks(high float64, n int) []float64 {
	step := math.Pow(10, math.Floor(math.Log10(high/float64(n))))
	for _, by := range []float64{2, 2.5, 2} { // to 2, 5 and 10 times
		if high/step <= float64(n) {
			break
		}
		step *= by
	}
	var out []float64
	for i := 0; float64(i)*step <= high*1.0001; i++ {
		out = append(out, float64(i)*step)
	}
	return out
}

// powers are the powers of ten from low to high.
func powers(low, high float64) []float64 {
	var out []float64
	for v := math.Pow(10, math.Ceil(math.Log10(low))); v <= high*1.0001; v *= 10 {
		out = append(out, v)
	}
	return out
}

// short writes a number of an axis.
func short(v float64) string {
	s := strconv.FormatFloat(v, 'g', 6, 64)
	if v >= 1000 && v == math.Trunc(v) {
		return grouped(v)
	}
	return s
}

// grouped writes an integer with commas.
func grouped(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
