//go:build !js

package gwssim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Who is to be called is invented, as are the numbers: those from 555-0100 to
// 555-0199 belong to nobody.

const (
	contactsInList = 40
	firstHandle    = 70_001
	defaultSeed    = 1
	applicationID  = 134 // as in the documentation's samples
)

var (
	firstNames = [...]string{
		"Ada", "Amir", "Beatriz", "Björn", "Carla", "Chen", "Dariusz", "Elena", "Farah", "Grace", "Hannah", "Ivo",
		"Jamal", "Kateryna", "Liam", "Mei", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samuel", "Tomoko", "Zoë",
	}
	lastNames = [...]string{
		"Almeida", "Bauer", "Castillo", "Dubois", "Eriksen", "Fontaine", "Grant", "Haddad", "Ishikawa", "Jensen",
		"Kowalski", "Lindqvist", "Moreau", "Nowak", "Okafor", "O’Brien", "Petrov", "Quinn", "Rossi", "Schmidt",
		"Tanaka", "Ueda", "Varga", "Whitfield", "Xu", "Yilmaz", "Zimmermann",
	}
	// The numbers that a contact has, one after the other.
	phoneTypes = [...]string{"HomePhone", "Mobile", "DirectBusinessPhone"}
)

// plan is what a campaign of the world is made by.
type plan struct {
	name     string
	status   CampaignStatus
	lists    [2]string
	userData func(random *rand.Rand, i int) map[string]any // of the i-th contact
}

var plans = []plan{
	{"Renewals", CampaignStarted, [2]string{"Renewals East", "Renewals West"}, func(random *rand.Rand, i int) map[string]any {
		return map[string]any{
			"PolicyNumber": fmt.Sprintf("HX-%06d", 100_000+random.IntN(900_000)),
			"ExpiresOn":    fmt.Sprintf("2026-%02d-%02d", 1+i%12, 1+random.IntN(28)),
			"Premium":      120 + 10*random.IntN(60),
		}
	}},
	{"Fibre upgrade", CampaignStarted, [2]string{"Fibre North", "Fibre South"}, func(random *rand.Rand, _ int) map[string]any {
		return map[string]any{
			"Plan":      []string{"DSL 16", "DSL 50", "Cable 100"}[random.IntN(3)],
			"Street":    fmt.Sprintf("%d Linden Road", 1+random.IntN(180)),
			"SinceYear": 2009 + random.IntN(16),
		}
	}},
	{"Customer survey", CampaignLoaded, [2]string{"Survey buyers", "Survey visitors"}, func(random *rand.Rand, i int) map[string]any {
		return map[string]any{
			"LastPurchase": fmt.Sprintf("2025-%02d-%02d", 1+i%12, 1+random.IntN(28)),
			"Language":     []string{"en", "de", "fr", "es"}[random.IntN(4)],
		}
	}},
}

// newWorld makes the campaigns. The same seed makes the same ones, apart from
// the times of what is scheduled for later, which are hours from now.
//
// Of each list of 40 contacts the 1st, 11th, 21st and 31st have three numbers,
// the 6th, 16th, 26th and 36th two. The 2nd, 18th and 34th were promised a
// callback that is due, the 10th and 26th one that is not.
func newWorld(seed uint64, now time.Time) *world {
	random := rand.New(rand.NewPCG(seed, 0))
	w := &world{handles: make(map[int64]*record), lastHandle: firstHandle - 1}
	areas := [...]int{212, 310, 206, 305, 415, 617}
	for n, p := range plans {
		c := &campaign{name: p.name, status: p.status, applicationID: applicationID, previews: make(map[string]string)}
		for l, name := range p.lists {
			list := &callingList{name: name}
			c.lists = append(c.lists, list)
			line := 0
			for i := range contactsInList {
				w.lastChain++
				first, last := firstNames[random.IntN(len(firstNames))], lastNames[random.IntN(len(lastNames))]
				ch := &chain{id: w.lastChain, contact: first + " " + last, userData: p.userData(random, i), rejected: make(map[string]bool)}
				ch.userData["FirstName"] = first
				ch.userData["LastName"] = last
				ch.userData["CustomerId"] = fmt.Sprintf("C-%05d", 10_000+w.lastChain)
				for k := range numbersOf(i) {
					ch.records = append(ch.records, &record{
						campaign: c, list: list, chain: ch, status: RecordReady,
						phoneNumber: fmt.Sprintf("+1%d55501%02d", areas[2*n+l], line),
						phoneType:   phoneTypes[k], timeZone: []string{"EST", "PST"}[l], from: 9 * 3600, until: 20 * 3600,
					})
					line++
				}
				schedule(ch.records[0], i, now)
				list.chains = append(list.chains, ch)
			}
		}
		w.campaigns = append(w.campaigns, c)
	}
	return w
}

// numbersOf is how many numbers the i-th contact of a list has.
func numbersOf(i int) int {
	switch i % 10 {
	case 0:
		return 3
	case 5:
		return 2
	}
	return 1
}

// schedule promises a callback to some of the contacts.
func schedule(r *record, i int, now time.Time) {
	switch {
	case i%16 == 1:
		r.scheduledFor = time.Date(2026, 1, 5, 9+i%8, 0, 0, 0, time.UTC) // long due
	case i%16 == 9:
		r.scheduledFor = now.Truncate(time.Hour).Add(time.Duration(1+i%8) * time.Hour)
	default:
		return
	}
	r.status = RecordScheduled
	r.callbackType = "Campaign"
	r.attempts = 1
}
