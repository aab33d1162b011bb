import StreamtopBase

/// An ICMP error that answered the packet with which a connection was to begin (RFC 792, RFC 4443 section 3.1).
package struct Unreachable: Equatable, Sendable {
    package enum Reason: String, Sendable {
        case network, host, port
        /// The host does not speak the transport.
        case transport
        /// A filter on the way says no.
        case prohibited

        /// nil for messages that are no refusal: fragmentation needed, time exceeded, and others.
        package init?(type: UInt8, code: UInt8, isIPv6: Bool) {
            switch (isIPv6, type, code) {
            case (false, 3, 0), (true, 1, 0), (true, 1, 2): self = .network
            case (false, 3, 1), (true, 1, 3): self = .host
            case (false, 3, 2): self = .transport
            case (false, 3, 3), (true, 1, 4): self = .port
            case (false, 3, 9), (false, 3, 10), (false, 3, 13), (true, 1, 1), (true, 1, 5), (true, 1, 6):
                self = .prohibited
            default: return nil
            }
        }
    }

    package var reason: Reason
    /// Who sent the message.
    package var by: IPAddress
    package var time: Timestamp

    package init(reason: Reason, by: IPAddress, time: Timestamp) {
        self.reason = reason
        self.by = by
        self.time = time
    }
}
