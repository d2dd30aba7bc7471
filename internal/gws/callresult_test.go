package gws

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCallResults(t *testing.T) {
	all := CallResults()
	require.Len(t, all, 54)
	seen := map[string]bool{}
	for i, r := range all {
		require.Equal(t, i, r.Code)
		require.NotEmpty(t, r.Name)
		require.False(t, seen[r.Name], "%s twice", r.Name)
		seen[r.Name] = true
		code, ok := CallResultCode(r.Name)
		require.True(t, ok)
		require.Equal(t, i, code)
	}
	// One of each column and the ends, as published; 33 is in the sample of the reference.
	for name, code := range map[string]int{
		"Ok": 0, "Busy": 6, "NoAnswer": 7, "AnsweringMachineDetected": 9, "FaxDetected": 17, "QueueFull": 18,
		"Answer": 33, "NoDialTone": 35, "NoProgress": 36, "HeldError": 50, "DoNotCall": 51, "WrongNumber": 53,
	} {
		require.Equal(t, name, all[code].Name)
	}

	all[0].Name = "changed"
	require.Equal(t, "Ok", CallResults()[0].Name, "the list can be changed by its callers")
}

func TestCallResultCode(t *testing.T) {
	for name, code := range map[string]int{
		"AnsweringMachine": 9, "SITInvalidNum": 11, "SITOperatorIntercept": 13, "Silence": 32, "Held": 50,
		"NUTone": 34, "RecordCancel": 52, "Pickedup": 25, "Droppednoanswer": 27,
	} {
		got, ok := CallResultCode(name)
		require.True(t, ok, name)
		require.Equal(t, code, got, name)
		require.Empty(t, checkCallResult(name, false), name)
	}
	for _, name := range []string{"", "answer", "ANSWER", "Nonsense", "AllTrunksBusyStale"} {
		_, ok := CallResultCode(name)
		require.False(t, ok, name)
	}
}

func TestCheckCallResult(t *testing.T) {
	// Printed so by the PDF of the reference.
	for _, name := range strings.Fields(`Ok QueueFull NoProgress TransferFailed NoRingBack ConferenceOverflow
		NoEstablishedDetected GeneralAbandon NoPartyDetected SystemRedirected WrongParty RemoteRelease DialError Busy
		ConsultCallDropError NoAnswer PickedUpSwitchError SITDetected NoFreePortError AnsweringMachineAnswerError
		AllTrunksBusyStale SITInvalidNumberAgentCallbackError SITVacantConversationGroupCallbackError
		SITOperationalDeafened SITUnknownSilenceHeld SITNoCircleAnswerDoNotCall SITRecordNotToneCancelRecord
		FaxDetectedNotToneWrongNumber`) {
		require.Empty(t, checkCallResult(name, false), name)
	}
	for name, want := range map[string]string{
		"answer":      `unknown call result "answer"; did you mean 'Answer'?`,
		"ANSWER":      `unknown call result "ANSWER"; did you mean 'Answer'?`,
		"Anwser":      `unknown call result "Anwser"; did you mean 'Answer'?`,
		"Bussy":       `unknown call result "Bussy"; did you mean 'Busy'?`,
		"NO_ANSWER":   `unknown call result "NO_ANSWER"; did you mean 'NoAnswer'?`,
		"do not call": `unknown call result "do not call"; did you mean 'DoNotCall'?`,
		"faxdetect":   `unknown call result "faxdetect"; did you mean 'FaxDetected'?`,
		"33":          `got "33", expected a name: did you mean 'Answer'?`,
		"Voicemail":   `unknown call result "Voicemail"; the keys of CallResult are the known names, allowUnknownCallResult lets others pass`,
	} {
		require.Equal(t, want, checkCallResult(name, false), name)
		require.Empty(t, checkCallResult(name, true), name)
	}
	for _, name := range []string{"54", "-1", strings.Repeat("Answer", 1000)} {
		require.Contains(t, checkCallResult(name, false), "allowUnknownCallResult")
		require.Less(t, len(checkCallResult(name, false)), 200)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "ABC", 0}, {"abc", "abd", 1},
		{"abc", "ab", 1}, {"bc", "abc", 1}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"ab", "ba", 2},
	} {
		require.Equal(t, c.want, distance(c.a, c.b), "%q %q", c.a, c.b)
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{
		"ab":  "aa", // the first of several that are as near
		"ac":  "ac",
		"AD":  "aa",
		"":    "",
		"xyz": "",
	} {
		require.Equal(t, want, nearest(word, []string{"aa", "ac", "abcdefgh"}), word)
	}
}
