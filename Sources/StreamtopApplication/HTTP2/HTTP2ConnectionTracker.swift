import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One HTTP/2 connection, read from the ordered bytes of TCP or of what TLS carries (RFC 9113).
///
/// An observer: what breaks the rules is counted and read on as far as it makes sense. After a gap in a header block the
/// names and values of that direction stay unknown; times and sizes go on.
package struct HTTP2ConnectionTracker: LayerTracker, ~Copyable {
    /// Streams followed at once. Beyond it one that is over goes first, then the one that rested longest.
    static let streamCapacity = 256

    var client = HTTP2Endpoint()
    var server = HTTP2Endpoint()
    /// What the client may send, and the server.
    var clientCredit = HTTP2CreditLedger()
    var serverCredit = HTTP2CreditLedger()
    var streams: [HTTP2Stream] = []
    /// Where the last lookup ended: the next is mostly for the same stream.
    private var lastIndex = 0
    var log = HTTPExchangeLog()
    var reports = MediaReports()
    var streamCount = 0
    var pushPromises = 0
    var pushesCancelled = 0
    var pushesWasted: UInt64 = 0
    var resets = 0
    var undecodedBlocks = 0
    var violations = 0
    /// Bytes were lost between frames.
    var lostSteps = 0
    /// By the end that sent what waited.
    var waits = BothDirections(client: HeadOfLineMeter(), server: HeadOfLineMeter())
    /// The stream whose content goes up, where a client asked for another protocol on one (RFC 8441).
    package internal(set) var upgrade: HTTPUpgrade?

    private let addressOnly = AddressOnly()

    package init() {}

    static let limits =
        [
            Limit(
                "HTTP/2 streams", streamCapacity, per: .flow,
                policy: "one that is over goes, else the one that rested longest, counted")
        ] + HTTP2Endpoint.limits

    /// Memory that it takes, with what is being read and the exchanges.
    package var heldBytes: Int {
        var held = MemoryLayout<Self>.stride + client.heldBytes + server.heldBytes + log.heldBytes
        for index in streams.indices { held += streams[index].exchange.heldBytes }
        return held
    }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        if now.waited > 0 { waits[now.direction].note(now.waited, at: now.time) }
        switch delivery.content {
        case .bytes, .datagram: read(bytes, isEarly: delivery.isEarly, &now)
        case .gap(let count): bridge(count, &now)
        case .end: if now.direction == .fromServer { breakOff(&now) }
        case .reset: breakOff(&now)
        case .stopSending: break
        case .restart: self = HTTP2ConnectionTracker()
        }
    }

    package mutating func exchangeEnds() {
        swap(&client, &server)
        swap(&clientCredit, &serverCredit)
        waits = BothDirections(client: waits.server, server: waits.client)
    }

    package var hasReports: Bool { !reports.isEmpty }
    package mutating func takeReports() -> [MediaReport] { reports.take() }
    package mutating func takeDescriptions() -> [CallDescription] { reports.takeDescriptions() }
    package var hasDescribed: Bool { reports.hasDescribed }

    package mutating func releaseHeldBytes() {
        for index in streams.indices { streams[index].exchange.releaseHeldBytes() }
    }

    // MARK: Streams

    mutating func knownIndex(_ stream: UInt32) -> Int? {
        if lastIndex < streams.count, streams[lastIndex].identifier == stream { return lastIndex }
        guard let found = streams.firstIndex(where: { $0.identifier == stream }) else { return nil }
        lastIndex = found
        return found
    }

    /// The place of a stream, which is opened when it is new.
    mutating func index(_ stream: UInt32, at time: Timestamp) -> Int {
        if let known = knownIndex(stream) {
            streams[known].lastTime = time
            return known
        }
        streamCount += 1
        clientCredit.open(stream)
        serverCredit.open(stream)
        let new = HTTP2Stream(identifier: stream, exchange: log.begin(stream: UInt64(stream)), at: time)
        guard streams.count >= Self.streamCapacity else {
            streams.append(new)
            lastIndex = streams.count - 1
            return lastIndex
        }
        var victim = 0
        for index in streams.indices where isLessNeeded(index, than: victim) { victim = index }
        forget(victim, at: time)
        streams[victim] = new
        lastIndex = victim
        return victim
    }

    private func isLessNeeded(_ index: Int, than other: Int) -> Bool {
        if streams[index].isOver != streams[other].isOver { return streams[index].isOver }
        return streams[index].lastTime < streams[other].lastTime
    }

    /// A stream makes room for another.
    private mutating func forget(_ index: Int, at time: Timestamp) {
        let stream = streams[index]
        clientCredit.close(stream.identifier, at: time)
        serverCredit.close(stream.identifier, at: time)
        let snapshot = stream.exchange.snapshot(errorName: HTTP2ErrorCode.name(of:))
        if stream.isReported { log.keep(snapshot) } else { log.forget(snapshot) }
    }

    /// A stream is over and its exchange told of.
    mutating func remove(_ index: Int, at time: Timestamp) {
        let stream = streams.remove(at: index)
        clientCredit.close(stream.identifier, at: time)
        serverCredit.close(stream.identifier, at: time)
        log.keep(stream.exchange.snapshot(errorName: HTTP2ErrorCode.name(of:)))
    }
}
