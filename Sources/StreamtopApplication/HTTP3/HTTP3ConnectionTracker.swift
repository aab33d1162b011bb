import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One HTTP/3 connection, read from the ordered bytes of its QUIC streams (RFC 9114).
///
/// An observer: what breaks the rules is counted and read on as far as it makes sense. Bytes come with the stream they
/// belong to and the direction they travel in, each stream in order; holes come as gaps.
package struct HTTP3ConnectionTracker: LayerTracker, ~Copyable {
    /// Request streams followed at once. Beyond it one that is over goes first, then the one that rested longest.
    static let streamCapacity = 256
    /// Control, QPACK and push streams of one end, extensions among them.
    static let unidirectionalCapacity = 32
    /// Pushes promised and not begun.
    static let promiseCapacity = 64

    static let limits =
        [
            Limit(
                "HTTP/3 request streams", streamCapacity, per: .flow,
                policy: "one that is over goes, then the one that rested longest; counted"),
            Limit(
                "HTTP/3 unidirectional streams", unidirectionalCapacity, per: .direction, policy: "more are not read"),
            Limit("HTTP/3 promised pushes", promiseCapacity, per: .flow, policy: "more are not remembered"),
        ] + WebTransportSessions.limits + MoQGroupMeter.limits

    var requests: [HTTP3RequestStream] = []
    /// Where the last lookup ended: the next is mostly for the same stream.
    private var lastIndex = 0
    var clientStreams: [HTTP3UnidirectionalStream] = []
    var serverStreams: [HTTP3UnidirectionalStream] = []
    /// Header blocks by the end that sends them.
    var clientFields = HTTP3FieldDecoder()
    var serverFields = HTTP3FieldDecoder()
    /// What each end sent besides messages, by `Direction.index`.
    var endpoints: InlineArray<2, HTTP3Endpoint> = [HTTP3Endpoint(), HTTP3Endpoint()]
    var log = HTTPExchangeLog()
    var reports = MediaReports()
    var promises: [UInt64: HTTPMessageHead] = [:]
    var pushPromises = 0
    var streamCount = 0
    var lostStreams = 0
    var undecodedSections = 0
    /// By the end that sent what waited.
    var waits = BothDirections(client: HeadOfLineMeter(), server: HeadOfLineMeter())
    /// Sections that waited for the table that they refer to.
    var blockedSections = 0
    var blockedTime: Nanoseconds = 0
    var violations = 0
    /// The stream whose content goes up, where a client asked for another protocol on one (RFC 9220).
    package internal(set) var upgrade: HTTPUpgrade?
    var webTransport = WebTransportSessions()
    /// Streams of both directions that the server opened and that have not said what they are.
    var serverOpened: [(stream: UInt64, decoder: HTTP3FrameDecoder)] = []

    private let addressOnly = AddressOnly()

    package init() {}

    /// Memory that it takes, with the header blocks being collected.
    package var heldBytes: Int {
        var held = MemoryLayout<Self>.stride + clientFields.heldBytes + serverFields.heldBytes
        held += requests.capacity * MemoryLayout<HTTP3RequestStream>.stride
        for index in requests.indices {
            held += requests[index].messages[0].collectedBytes + requests[index].messages[1].collectedBytes
            held +=
                (requests[index].exchange?.media.heldBytes ?? 0)
                + (requests[index].exchange?.signalling.heldBytes ?? 0)
        }
        return held
    }

    /// Gives up header blocks that are not whole, for want of memory: they are not decoded.
    package mutating func releaseHeldBytes() {
        for index in requests.indices {
            requests[index].exchange?.releaseHeldBytes()
            for direction in Direction.allCases where requests[index].messages[direction.index].releaseSection() {
                undecodedSections += 1
            }
        }
    }

    package var hasReports: Bool { !reports.isEmpty }
    package mutating func takeReports() -> [MediaReport] { reports.take() }
    package mutating func takeDescriptions() -> [CallDescription] { reports.takeDescriptions() }
    package var hasDescribed: Bool { reports.hasDescribed }

    /// Nothing of HTTP was seen.
    package var isEmpty: Bool { log.isEmpty && clientStreams.isEmpty && serverStreams.isEmpty }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        let stream = delivery.stream
        switch delivery.content {
        case .stopSending(let code): return stopSending(stream, by: delivery.direction, code: code, &now)
        case .restart:
            self = HTTP3ConnectionTracker()
            return
        case .datagram: return webTransport.takeDatagram(bytes, delivery.direction)
        case .bytes, .gap, .end, .reset: break
        }
        if webTransport.isKnown(stream) { return observeSessionStream(bytes, delivery) }
        switch Self.kind(of: stream, delivery.direction) {
        case .request: observeRequest(bytes, delivery, requestIndex(stream, at: delivery.time), &now)
        case .unidirectional: observeUnidirectional(bytes, delivery, &now)
        case .foreign: observeServerStream(bytes, delivery)
        }
    }

    private mutating func observeRequest(
        _ bytes: RawSpan, _ delivery: borrowing Delivery, _ index: Int, _ now: inout Observation
    ) {
        let direction = delivery.direction
        switch delivery.content {
        case .bytes:
            noteWait(index, direction, delivery.waited)
            note(index, direction, isEarly: delivery.isEarly, at: delivery.time)
            readMessage(index, direction, bytes, at: delivery.time, &now)
        case .gap(let count): bridge(count, index, direction, at: delivery.time, &now)
        case .end:
            endCarried(delivery.stream, .end, &now)
            endMessage(index, direction, at: delivery.time, &now)
        case .reset(let code):
            endCarried(delivery.stream, .reset(code: code), &now)
            resetMessage(index, direction, code: code, at: delivery.time, &now)
        case .datagram, .stopSending, .restart: break
        }
    }

    private mutating func noteWait(_ index: Int, _ direction: Direction, _ waited: Nanoseconds) {
        guard waited > 0 else { return }
        waits[direction].noteAlone(waited)
        guard !requests[index].hasWaited[direction] else { return }
        requests[index].hasWaited[direction] = true
        waits[direction].countStream()
    }

    private mutating func observeUnidirectional(
        _ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation
    ) {
        let stream = delivery.stream
        let direction = delivery.direction
        switch delivery.content {
        case .bytes: observeUnidirectional(bytes, stream, direction, at: delivery.time, &now)
        case .gap(let count): gapUnidirectional(count, stream, direction, &now)
        case .end, .reset: endUnidirectional(stream, direction, at: delivery.time, &now)
        case .datagram, .stopSending, .restart: break
        }
    }

    /// The end that sends in `direction` no longer wants what comes the other way.
    private mutating func stopSending(
        _ stream: UInt64, by direction: Direction, code: UInt64, _ now: inout Observation
    ) {
        // A server stops the content of a request it has answered already; a client stops a response it does not want.
        guard stream & 3 == 0, direction == .fromClient, let index = knownIndex(stream) else { return }
        breakOff(index, code: code, &now)
    }

    /// Who opened a stream shows in its number: where the client was guessed wrong nothing was read right.
    package mutating func exchangeEnds() { self = HTTP3ConnectionTracker() }

    /// Streams by their two low bits (RFC 9000 section 2.1): requests are bidirectional and the client's.
    private enum StreamKind { case request, unidirectional, foreign }

    private static func kind(of stream: UInt64, _ direction: Direction) -> StreamKind {
        switch stream & 3 {
        case 0: .request
        case 2: direction == .fromClient ? .unidirectional : .foreign
        case 3: direction == .fromServer ? .unidirectional : .foreign
        default: .foreign
        }
    }

    // MARK: Request streams

    /// The place of a request stream, which is opened when it is new.
    private mutating func requestIndex(_ stream: UInt64, at time: Timestamp) -> Int {
        if let known = knownIndex(stream) {
            requests[known].lastTime = time
            return known
        }
        return open(stream, at: time)
    }

    mutating func knownIndex(_ stream: UInt64) -> Int? {
        if lastIndex < requests.count, requests[lastIndex].identifier == stream { return lastIndex }
        guard let found = requests.firstIndex(where: { $0.identifier == stream }) else { return nil }
        lastIndex = found
        return found
    }

    mutating func open(_ stream: UInt64, at time: Timestamp) -> Int {
        streamCount += 1
        let new = HTTP3RequestStream(identifier: stream, exchange: log.begin(stream: stream), at: time)
        guard requests.count >= Self.streamCapacity else {
            requests.append(new)
            lastIndex = requests.count - 1
            return lastIndex
        }
        var victim = 0
        for index in requests.indices where isLessNeeded(index, than: victim) { victim = index }
        if let exchange = requests[victim].exchange {
            log.forget(exchange.snapshot(errorName: HTTP3ErrorCode.name(of:)))
        }
        requests[victim] = new
        lastIndex = victim
        return victim
    }

    private func isLessNeeded(_ index: Int, than other: Int) -> Bool {
        let isOver = requests[index].exchange == nil
        let otherIsOver = requests[other].exchange == nil
        if isOver != otherIsOver { return isOver }
        return requests[index].lastTime < requests[other].lastTime
    }
}
