import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One WebSocket connection, read from the bytes behind its upgrade, whichever version of HTTP that was in (RFC 6455,
/// RFC 8441, RFC 9220).
package struct WebSocketTracker: LayerTracker, ~Copyable {
    var client: WebSocketEndpoint
    var server: WebSocketEndpoint
    let upgrade: HTTPUpgrade?
    let isCompressionAgreed: Bool
    var violations: [WebSocketViolation: Int] = [:]
    var close: WebSocketCloseSnapshot?
    /// What its messages say of calls, and what of that the engine has not taken yet.
    var descriptions: [CallDescription] = []
    var unreported: [CallDescription] = []
    private var isOpen = false
    private let addressOnly = AddressOnly()

    static let limits = WebSocketEndpoint.limits

    /// `upgrade` is nil for a connection that was joined behind it.
    package init(upgrade: HTTPUpgrade?) {
        let deflate = upgrade?.extensions.flatMap(WebSocketDeflate.init(agreed:))
        client = WebSocketEndpoint(inflater: deflate.flatMap { MessageInflater(forgets: $0.clientForgets) })
        server = WebSocketEndpoint(inflater: deflate.flatMap { MessageInflater(forgets: $0.serverForgets) })
        self.upgrade = upgrade
        isCompressionAgreed = deflate != nil
        if isAccepted == false { count(.wrongAccept) }
    }

    /// With what was agreed on and nothing else known.
    package init(extensions: String?) {
        let fields = extensions.map { [HTTPField("sec-websocket-extensions", $0)] } ?? []
        self.init(
            upgrade: HTTPUpgrade(
                to: "websocket", request: [], response: fields, url: nil, duration: nil, at: Timestamp(nanoseconds: 0)))
    }

    /// RFC 6455 section 4.2.2: the key and a constant, hashed.
    private var isAccepted: Bool? {
        guard let key = upgrade?.key, let accept = upgrade?.accept else { return nil }
        return Self.accept(for: key) == accept
    }

    /// Memory that it takes.
    package var heldBytes: Int { MemoryLayout<Self>.stride + client.heldBytes + server.heldBytes }

    /// Gives up what inflates messages, for want of memory.
    package mutating func releaseHeldBytes() {
        client.releaseInflater()
        server.releaseInflater()
    }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        open(&now)
        switch delivery.content {
        case .bytes, .datagram: read(bytes, &now)
        case .gap(let bytes): bridge(bytes, &now)
        case .end, .reset: break
        case .stopSending, .restart: break
        }
    }

    /// The connection is told of with its first bytes, when they passed.
    private mutating func open(_ now: inout Observation) {
        guard !isOpen else { return }
        isOpen = true
        now.tell(.webSocketOpen(url: URLSecrets.masked(upgrade?.url)))
    }

    package var hasDescribed: Bool { !descriptions.isEmpty }

    /// What the messages since the last call of this say of calls.
    package mutating func takeDescriptions() -> [CallDescription] {
        var taken: [CallDescription] = []
        swap(&taken, &unreported)
        return taken
    }

    package mutating func exchangeEnds() {
        swap(&client, &server)
        for index in descriptions.indices { descriptions[index].from = descriptions[index].from.reversed }
        if let known = close {
            close = WebSocketCloseSnapshot(code: known.code, reason: known.reason, by: known.by.reversed)
        }
    }

    mutating func count(_ violation: WebSocketViolation) { violations[violation, default: 0] += 1 }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        flow.protocols.append(ProtocolKind.webSocket.rawValue)
        var socket = WebSocketSnapshot()
        socket.url = URLSecrets.masked(upgrade?.url)
        socket.subprotocol = upgrade?.subprotocol
        socket.extensions = upgrade?.extensions
        socket.upgrade = upgrade?.duration
        socket.isAccepted = isAccepted
        socket.client = client.snapshot
        socket.server = server.snapshot
        socket.close = close
        socket.violations = WebSocketViolation.allCases.compactMap { violation in
            violations[violation].map { NamedCount(name: violation.rawValue, count: $0) }
        }
        let media = server.media.format == nil ? client.media : server.media
        socket.media = media.format
        socket.mediaFrom = server.media.format == nil ? .fromClient : .fromServer
        socket.mediaClock = media.mediaClock
        socket.descriptions = descriptions
        socket.comparison = WebSocketCost.comparison(socket)
        flow.webSocket = socket
    }
}
