/** A request as in the documentation of the API. */
export const request = {
  recordHandle: 12,
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  callResult: "Answer",
  phoneNumber: "5551234",
  devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
};

/** What a server sends for it. */
export const acknowledgement = {
  messageType: "OutboundRecordMessage",
  notificationType: "RecordProcessedAcknowledge",
  record: {
    campaignName: "Campaign1",
    devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
    callingList: "CallingList1",
    applicationId: 134,
    recordHandle: 12,
  },
};
