import StreamtopBase

/// The SIP of a flow (RFC 3261).
package struct SIPSnapshot: Equatable, Sendable {
    package var requests = 0
    package var responses = 0
    /// In the order of their invitations.
    package var calls: [SIPCallSnapshot] = []

    package init() {}
}

package struct SIPCallSnapshot: Equatable, Sendable {
    package var callID: String
    package var invited: Timestamp
    /// Who invited.
    package var from: Direction
    /// Of the newest answer to an invitation.
    package var status: Int?
    package var ringing: Timestamp?
    package var answered: Timestamp?
    package var ended: Timestamp?
    /// What each end described last.
    package var media = BothDirections<[SIPMediaSnapshot]>(client: [], server: [])

    package init(callID: String, invited: Timestamp, from: Direction) {
        self.callID = callID
        self.invited = invited
        self.from = from
    }
}

package struct SIPMediaSnapshot: Equatable, Sendable {
    package var kind: String
    /// Where it is received; nil where it is refused or on hold.
    package var endpoint: Endpoint?
    package var codecs: [String]
    package var isProtected: Bool
    /// The end means to send; nil where the capture cut the description.
    package var sends: Bool?
    /// The end means to receive; nil where the capture cut the description.
    package var receives: Bool?

    package init(
        kind: String, endpoint: Endpoint?, codecs: [String], isProtected: Bool, sends: Bool?, receives: Bool?
    ) {
        self.receives = receives
        self.kind = kind
        self.endpoint = endpoint
        self.codecs = codecs
        self.isProtected = isProtected
        self.sends = sends
    }
}
