import StreamtopBase

/// ICMP messages that quote packets of a flow and say that they cannot be delivered (RFC 792, RFC 4443 section 3.1).
package struct UnreachableSnapshot: Equatable, Sendable {
    /// What cannot be reached, or why; the raw value is the name in JSON.
    package enum Reason: String, Sendable {
        case network, host, `protocol`, port
        /// A router or firewall was told to reject such packets.
        case prohibited
    }

    package var count = 1
    /// Of the first message.
    package var reason: Reason
    /// Who sent the first message.
    package var from: IPAddress
    package var time: Timestamp
    /// Whose packet the first message quotes.
    package var of: Direction

    package init(reason: Reason, from: IPAddress, time: Timestamp, of: Direction) {
        self.reason = reason
        self.from = from
        self.time = time
        self.of = of
    }
}
