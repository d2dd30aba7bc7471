package gws

import (
	"maps"
	"slices"
	"strconv"

	"gws-outbound/internal/fmt"
)

// CallResult is one value of the Outbound Contact call result enumeration.
type CallResult struct {
	Name string
	Code int // 0 to 53
}

// The published enumeration; the index is the code.
var callResults = [...]string{
	"Ok", "Transferred", "Conferenced", "GeneralError", "SystemError", "RemoteRelease",
	"Busy", "NoAnswer", "SITDetected", "AnsweringMachineDetected", "AllTrunksBusy", "SITInvalidNumber",
	"SITVacant", "SITIntercept", "SITUnknown", "SITNoCircuit", "SITReorder", "FaxDetected",
	"QueueFull", "Cleared", "Overflowed", "Abandoned", "Redirected", "Forwarded",
	"Consult", "PickedUp", "Dropped", "DroppedNoAnswer", "Unknown", "Covered",
	"ConverseOn", "Bridged", "SilenceDetected", "Answer", "NuTone", "NoDialTone",
	"NoProgress", "NoRingBack", "NoEstablishedDetected", "PagerDetected", "WrongParty", "DialError",
	"CallDropError", "SwitchError", "NoFreePortError", "TransferError", "Stale", "AgentCallbackError",
	"GroupCallbackError", "Deafened", "HeldError", "DoNotCall", "CancelRecord", "WrongNumber",
}

// Other spellings in Genesys documents. Which of them a server reads is not
// known, so they are sent exactly as they were written.
var callResultVariants = map[string]int{
	"AnsweringMachine":     9,
	"SITInvalidNum":        11,
	"SITOperatorIntercept": 13,
	"Pickedup":             25,
	"Droppednoanswer":      27,
	"Silence":              32,
	"NUTone":               34,
	"Held":                 50,
	"RecordCancel":         52,
}

// Values that the PDF of the API reference prints where the three columns of
// its list ran together. They stand for no single result, and so have no
// code, but a caller may have copied them from there.
var callResultsRunTogether = []string{
	"TransferFailed", "ConferenceOverflow", "GeneralAbandon", "NoPartyDetected",
	"SystemRedirected", "ConsultCallDropError", "PickedUpSwitchError",
	"AnsweringMachineAnswerError", "AllTrunksBusyStale", "SITInvalidNumberAgentCallbackError",
	"SITVacantConversationGroupCallbackError", "SITOperationalDeafened", "SITUnknownSilenceHeld",
	"SITNoCircleAnswerDoNotCall", "SITRecordNotToneCancelRecord", "FaxDetectedNotToneWrongNumber",
}

// CallResults returns the 54 call results in the order of their codes. The
// slice is the caller's own.
func CallResults() []CallResult {
	all := make([]CallResult, len(callResults))
	for code, name := range callResults {
		all[code] = CallResult{Name: name, Code: code}
	}
	return all
}

// CallResultCode returns the code of a call result by its name, or by one of
// the other spellings found in Genesys documents. Upper and lower case count.
func CallResultCode(name string) (code int, ok bool) {
	if code = slices.Index(callResults[:], name); code >= 0 {
		return code, true
	}
	code, ok = callResultVariants[name]
	return code, ok
}

// AcceptedCallResults returns every name that passes as a callResult: those of [CallResults], other spellings,
// and what a caller may have copied from the reference. The slice is the caller's own.
func AcceptedCallResults() []string {
	return slices.Concat(callResults[:], slices.Sorted(maps.Keys(callResultVariants)), callResultsRunTogether)
}

// checkCallResult returns what is wrong with name as a callResult, or "".
func checkCallResult(name string, allowUnknown bool) string {
	if _, ok := CallResultCode(name); ok || allowUnknown || slices.Contains(callResultsRunTogether, name) {
		return ""
	}
	if code, err := strconv.Atoi(name); err == nil && code >= 0 && code < len(callResults) {
		return fmt.Sprintf("got %s, expected a name: did you mean '%s'?", got(name), callResults[code])
	}
	if near := nearest(name, callResults[:]); near != "" {
		return fmt.Sprintf("unknown call result %s; did you mean '%s'?", got(name), near)
	}
	return fmt.Sprintf("unknown call result %s; the keys of CallResult are the known names, allowUnknownCallResult lets others pass", got(name))
}
