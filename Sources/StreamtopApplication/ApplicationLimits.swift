import StreamtopBase

/// The caps of this room, each registered where its owner is.
package enum ApplicationLimits {
    package static let all: [Limit] =
        RTPFlowTracker.limits + ICECheckTracker.limits + SIPTracker.limits + MediaDescriptions.limits
        + SignallingReader.limits
        + RTPLegTable.limits + HTTPExchangeLog.limits + HTTP1Exchanges.limits + HTTP2ConnectionTracker.limits
        + WebSocketTracker.limits + HTTP3ConnectionTracker.limits + HTTP3MessageReader.limits + HTTP3FieldDecoder.limits
        + MediaReports.limits + MediaBodyReader.limits + MediaSessionTable.limits
}
