package gws

const (
	recordsPath  = "/api/v2/me/outbound-records"
	recordPath   = recordsPath + "/{recordHandle}"
	campaignPath = "/api/v2/me/outbound-campaigns/{campaignName}"

	recordMessage   = "OutboundRecordMessage"
	campaignMessage = "OutboundCampaignMessage"
)

// Parameters of more than one operation.
var (
	recordHandle  = Parameter{Name: "recordHandle", Kind: RecordHandle, Required: true, Doc: "The handle of the record: a positive integer, or its digits."}
	applicationID = Parameter{Name: "applicationId", Kind: PositiveInt, Required: true, Doc: "The id of the Outbound Contact Server's application: a positive integer, or the digits of one beyond 2^53 - 1."}
	campaignName  = Parameter{Name: "campaignName", Kind: LongText, Required: true, Doc: "The name of the campaign."}
	callingList   = Parameter{Name: "callingList", Kind: LongText, Required: true, Doc: "The name of the calling list."}
	devicePath    = Parameter{Name: "devicePath", Kind: LongText, Required: true, Doc: "The path of the agent's device."}
	referenceID   = Parameter{Name: "referenceId", Kind: ShortText, Doc: "What the events of this request will carry. Default: a random UUID."}

	callingListIfKnown = Parameter{Name: "callingList", Kind: LongText, Doc: "The name of the calling list."}
	phoneOfRecord      = Parameter{Name: "phoneNumber", Kind: ShortText, Doc: "A number of the record."}
	phoneToCall        = Parameter{Name: "phoneNumber", Kind: ShortText, Doc: "The number to call."}
	chainAttribute     = Parameter{Name: "chainAttribute", Kind: Choice, Choices: []string{"AllChain", "RecordOnly"},
		Doc: "Whether it is about all records of the chain, or about this one alone. Default: the server's."}

	phoneType = Parameter{Name: "phoneType", Kind: Choice, Doc: "What kind of number it is.", Choices: []string{
		"NoContactType", "HomePhone", "DirectBusinessPhone", "BusinessWithExt", "Mobile", "VacationPhone",
		"Pager", "Modem", "VoiceMail", "PinPager", "EmailAddress", "InstantMessaging",
	}}
	timeZone = Parameter{Name: "timeZone", Kind: IntegerOrText, Doc: "The time zone of the contact, as the server has it, such as `GMT`; the documents do not say whether that may be a number. It is sent as it is."}
	from     = Parameter{Name: "from", Kind: NaturalInt, Doc: "The time of day from which the contact may be called, as the calling list has it: in seconds since midnight."}
	until    = Parameter{Name: "until", Kind: NaturalInt, Doc: "The time of day until which the contact may be called, as the calling list has it: in seconds since midnight."}
)

// required is the parameter where a request must have it.
func required(p Parameter) Parameter {
	p.Required = true
	return p
}

// The table. Sources: the Web Services API Reference 8.5.2 (OutboundComplete, OutboundCreate, OutboundUpdate,
// OutboundReject, OutboundDoNotCall, OutboundDoNotCallNum, OutboundReschedule, OutboundGetChained,
// OutboundRequestPreview, OutboundStartPreview, OutboundEndPreview); for CancelRecord, whose page was
// not to be had, and for the name of AddRecordAcknowledge, the events of Outbound Contact.
var operations = [...]Operation{
	{
		Name: "CompleteRecord", Method: "completeRecord", Path: recordPath, Request: "CompleteRecordRequest",
		Doc:        "Completes a record: says how its call ended, and that it is done with.",
		RequestDoc: "What to complete.",
		Parameters: []Parameter{
			recordHandle, applicationID, campaignName, callingList,
			{Name: "callResult", Kind: CallResultOf, Doc: "How the call ended: one of the names in {@link CallResult}, or a spelling of it that other Genesys documents use. It is sent as it is written."},
			{Name: "phoneNumber", Kind: ShortText, Doc: "The number that was called."},
			devicePath, referenceID,
		},
		Answers: []Answer{{"RecordProcessedAcknowledge", recordMessage, Final}},
	},
	{
		Name: "AddRecord", Method: "addRecord", Path: recordsPath, Request: "AddRecordRequest",
		Doc: "Creates a record in a calling list: another number of a contact, in the chain of the contact's records, or the first " +
			"of a new chain. Each request that is carried out creates one.",
		RequestDoc: "What record to create, and where.",
		Parameters: []Parameter{
			applicationID, campaignName, callingList, required(phoneToCall), required(phoneType), required(timeZone), required(from), required(until),
			{Name: "chainId", Kind: NaturalInt, Doc: "The chain to add it to: what records have as `GSW_CHAIN_ID`. Default: a new chain."},
			{Name: "otherFields", Kind: UserData, Doc: "What else the record has, such as the fields of the calling list: up to 100 strings, numbers and booleans by their names. " +
				"One that is `undefined` or `null` is left out."},
			devicePath, referenceID,
		},
		Answers: []Answer{{"AddRecordAcknowledge", recordMessage, Final}},
	},
	{
		Name: "UpdateRecord", Method: "updateRecord", Path: recordPath, Request: "UpdateRecordRequest",
		Doc:        "Changes a record, such as its phone number or the hours in which to call, and leaves it with the agent.",
		RequestDoc: "What to change of which record. What is left out stays as it is.",
		Parameters: []Parameter{
			recordHandle, applicationID, campaignName, callingListIfKnown,
			phoneToCall, phoneType, timeZone, from, until,
			devicePath, referenceID,
		},
		Answers: []Answer{{"UpdateCallCompletionStatsAcknowledge", recordMessage, Final}},
	},
	{
		Name: "RejectRecord", Method: "rejectRecord", Path: recordPath, Request: "RejectRecordRequest",
		Doc:        "Rejects a record: the agent does not take it, and it goes back to the calling list for another.",
		RequestDoc: "What to reject.",
		Parameters: []Parameter{recordHandle, applicationID, campaignName, callingList, devicePath, referenceID},
		Answers:    []Answer{{"RecordRejectAcknowledge", recordMessage, Final}},
	},
	{
		Name: "CancelRecord", Method: "cancelRecord", Path: recordPath, Request: "CancelRecordRequest",
		Doc:        "Cancels a record: it is not called any more in this campaign.",
		RequestDoc: "What to cancel.",
		Parameters: []Parameter{recordHandle, applicationID, campaignName, callingList, phoneOfRecord, chainAttribute, devicePath, referenceID},
		Answers:    []Answer{{"RecordCancelAcknowledge", recordMessage, Final}},
	},
	{
		Name: "DoNotCallRecord", Method: "doNotCallRecord", Path: recordPath, Request: "DoNotCallRecordRequest",
		Doc: "Puts a contact on the Do Not Call list: that of a record, by its `recordHandle`, or, in a request " +
			"without one, the contact with the `phoneNumber`.",
		RequestDoc: "Whose contact not to call again: that of a record.",
		Parameters: []Parameter{recordHandle, applicationID, campaignName, callingList, phoneOfRecord, chainAttribute, devicePath, referenceID},
		Answers:    []Answer{{"DoNotCallAcknowledge", recordMessage, Final}},
	},
	{
		Name: "DoNotCallRecord", Method: "doNotCallRecord", Path: recordsPath, Request: "DoNotCallNumberRequest",
		RequestDoc: "Whom not to call again, by the number alone.",
		Parameters: []Parameter{
			applicationID, campaignName, callingListIfKnown,
			{Name: "phoneNumber", Kind: ShortText, Required: true, Doc: "The number not to be called again."},
			chainAttribute, devicePath, referenceID,
		},
		Answers: []Answer{{"DoNotCallAcknowledge", recordMessage, Final}},
	},
	{
		Name: "RescheduleRecord", Method: "rescheduleRecord", Path: recordPath, Request: "RescheduleRecordRequest",
		Doc:        "Has a record called again at another time.",
		RequestDoc: "What to call again, and when.",
		Parameters: []Parameter{
			recordHandle, applicationID, campaignName,
			{Name: "callbackType", Kind: Choice, Required: true, Choices: []string{"Personal", "Campaign"}, Doc: "Who calls then: this agent, or any of the campaign."},
			{Name: "timestamp", Kind: Timestamp, Required: true, Doc: "When to call: a `Date`, or seconds since 1970-01-01 UTC. It is sent in whole seconds."},
			devicePath, referenceID,
		},
		Answers: []Answer{
			{"RecordRescheduleAcknowledge", recordMessage, Final},
			{"ScheduledRecordRescheduleAcknowledge", recordMessage, Final}, // of a record that was itself scheduled
		},
	},
	{
		Name: "GetChainedRecord", Method: "getChainedRecords", Path: recordPath, Request: "GetChainedRecordsRequest",
		Doc:        "Gets the records that are chained to one: the other numbers of the same contact. The list is in the order in which the server sent them, and may be empty.",
		RequestDoc: "Whose chain to get.",
		Parameters: []Parameter{recordHandle, applicationID, campaignName, devicePath, referenceID},
		Answers: []Answer{
			{"ChainedRecord", recordMessage, Element},
			{"ChainedRecordsDataEnd", recordMessage, Final},
		},
		Result: ResultRecords,
	},
	{
		Name: "GetPreviewRecord", Method: "getPreviewRecord", Path: campaignPath, Request: "GetPreviewRecordRequest",
		Doc:        "Asks for the next record of a campaign in preview mode. The result is `null` if the campaign has none.",
		RequestDoc: "Which campaign to take a record from.",
		Parameters: []Parameter{campaignName, applicationID, devicePath, referenceID},
		Answers: []Answer{
			{"PreviewRecord", recordMessage, Final},
			{"PreviewRecordEmpty", recordMessage, Nothing},
		},
		Result: ResultRecord,
	},
	{
		Name: "StartPreviewSession", Method: "startPreviewSession", Path: campaignPath, Request: "StartPreviewSessionRequest",
		Doc:        "Has the agent take part in a campaign in preview mode.",
		RequestDoc: "Which campaign to take part in.",
		Parameters: []Parameter{campaignName, applicationID, devicePath, referenceID},
		Answers:    []Answer{{"PreviewSessionStarted", campaignMessage, Final}},
	},
	{
		Name: "EndPreviewSession", Method: "endPreviewSession", Path: campaignPath, Request: "EndPreviewSessionRequest",
		Doc:        "Ends the agent's part in a campaign in preview mode.",
		RequestDoc: "Which campaign to leave.",
		Parameters: []Parameter{campaignName, applicationID, devicePath, referenceID},
		Answers:    []Answer{{"PreviewSessionEnded", campaignMessage, Final}},
	},
}
