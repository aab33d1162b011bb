import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One HTTP/1.1 connection, read from the ordered bytes of TCP or of what TLS carries (RFC 9112).
///
/// An observer: what breaks the rules is counted and read on as far as it makes sense. After a gap reading goes on where the
/// framing says so, else at the next message that begins with a delivery.
package struct HTTP1ConnectionTracker: LayerTracker, ~Copyable {
    private var client = HTTP1Endpoint()
    private var server = HTTP1Endpoint()
    private var exchanges: HTTP1Exchanges
    private let addressOnly = AddressOnly()

    /// `isSecure`: TLS is below.
    package init(isSecure: Bool) { exchanges = HTTP1Exchanges(isSecure: isSecure) }

    /// What the connection carries since its upgrade; nil before, and for a tunnel whose content nobody named.
    package var upgrade: HTTPUpgrade? { exchanges.upgrade }

    /// Memory that it takes, with the heads being read and the exchanges.
    package var heldBytes: Int {
        MemoryLayout<Self>.stride + client.reader.heldBytes + server.reader.heldBytes + exchanges.heldBytes
    }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        switch delivery.content {
        case .bytes, .datagram:
            if now.direction == .fromClient {
                exchanges.read(bytes, isEarly: delivery.isEarly, &client, &now)
            } else {
                exchanges.read(bytes, isEarly: delivery.isEarly, &server, &now)
            }
            guard exchanges.isTunnel else { return }
            client.reader.becomeTunnel()
            server.reader.becomeTunnel()
        case .gap(let count):
            if exchanges.isTunnel { return now.deliver(.gap(count)) }
            if now.direction == .fromClient {
                exchanges.bridge(count, &client, &now)
            } else {
                exchanges.bridge(count, &server, &now)
                if server.reader.hasLostStep { exchanges.loseResponses() }
            }
        case .end:
            if exchanges.isTunnel { return now.deliver(.end) }
            if now.direction == .fromServer { exchanges.end(&server, &now) } else { _ = client.reader.close() }
        case .reset(let code):
            if exchanges.isTunnel { return now.deliver(.reset(code: code)) }
            exchanges.breakOff(&server, &now)
        case .stopSending: break
        case .restart: self = HTTP1ConnectionTracker(isSecure: exchanges.isSecure)
        }
    }

    package mutating func exchangeEnds() { swap(&client, &server) }

    package var hasReports: Bool { !exchanges.reports.isEmpty }
    package mutating func takeReports() -> [MediaReport] { exchanges.reports.take() }

    package mutating func releaseHeldBytes() { exchanges.releaseHeldBytes() }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        exchanges.report(into: &flow)
    }
}
