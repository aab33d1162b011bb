import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// A TLS connection over TCP, from its ordered bytes: who agreed on what, when, and at what cost; with secrets, what was said.
///
/// Tolerates what captures do: a missing beginning, one direction only, holes (`gap`), garbage. Everything held is bounded:
/// one record and one handshake message per direction, `TLSDirection.waitingByteCapacity` of records waiting for secrets.
package struct TLSConnectionTracker: LayerState, ~Copyable, Sendable {
    package enum Recognition: Equatable, Sendable {
        /// Too few bytes so far.
        case unsure
        case tls
        case notTLS
    }

    /// Whole records in a row, without any hello, that make a connection TLS.
    private static let convincingRecords: UInt64 = 3
    /// Alerts kept; more are a flood.
    private static let alertCapacity = 16

    package private(set) var verdict = Recognition.unsure
    /// Decrypted application bytes are handed up; off once nobody reads them.
    package var isRead = true
    /// Records that break the specification.
    var malformed = 0
    /// Records and messages that break the specification.
    package var malformedCount: Int { malformed + facts.malformedMessages }
    /// Times that the beginning of the next record was lost, and bytes that never arrived.
    package private(set) var gaps = 0
    package private(set) var gapBytes: UInt64 = 0

    var facts = HandshakeFacts(over: .tcp)
    var shape = Version13Shape()
    /// What each end sends, by `Direction.index`.
    var ends: InlineArray<2, TLSDirection> = InlineArray { _ in TLSDirection() }
    var early = EarlyDataReading()
    /// Requests and answers, while they cannot be read.
    var bursts = AnswerBursts()
    /// The engine was told what the connection carries; and that refused early data is void.
    private var hasSignalledProtocol = false
    private var hasSignalledRestart = false
    private let addressOnly = AddressOnly()

    package init() {}

    /// The same hello with early data came before, in another connection.
    package mutating func noteReplay() { early.isReplayed = true }

    /// What the ends agreed to carry (RFC 7301), once it could be read.
    package var applicationProtocol: String? { facts.tls.alpn }

    /// Memory that the connection takes, with the bytes it holds.
    package var heldBytes: Int { MemoryLayout<Self>.stride + ends[0].heldBytes + ends[1].heldBytes + bursts.heldBytes }

    /// Gives up the bytes that wait for something, for want of memory.
    package mutating func releaseHeldBytes() {
        ends[0].releaseHeldBytes()
        ends[1].releaseHeldBytes()
    }

    /// Takes what came next in one direction: bytes that one segment brought or that filled a hole, a gap, the end.
    package mutating func observe(
        _ bytes: RawSpan, _ delivery: borrowing Delivery, tables: inout SecurityTables, _ now: inout Observation
    ) {
        guard verdict != .notTLS else { return }
        switch delivery.content {
        case .bytes: read(bytes, delivery.direction, at: delivery.time, tables: &tables, &now)
        case .gap(let count): gap(of: Int(clamping: count), direction: delivery.direction)
        // An end without close_notify cuts what it carries short, and so it ends there, too.
        case .end, .reset:
            if isRead, facts.tls.isDecrypted, !ends[delivery.direction.index].hasEnded {
                ends[delivery.direction.index].hasEnded = true
                now.deliver(delivery.content)
            }
        case .datagram, .stopSending, .restart: break
        }
        if verdict == .notTLS { now.signal(.notThisProtocol) }
        if !hasSignalledProtocol, let name = facts.tls.alpn {
            hasSignalledProtocol = true
            now.signal(.applicationProtocol(name))
        }
        if !hasSignalledRestart, early.bytes > 0, facts.earlyDataAnswer == false {
            hasSignalledRestart = true
            now.deliveries.append(Delivery(direction: .fromClient, time: delivery.time, content: .restart))
        }
    }

    private mutating func read(
        _ bytes: RawSpan, _ direction: Direction, at time: Timestamp, tables: inout SecurityTables,
        _ now: inout Observation
    ) {
        retryWaiting(tables: tables, &now)
        ends[direction.index].stream.beginPiece()
        var reader = ByteReader(bytes)
        while let record = ends[direction.index].stream.next(&reader, at: time) {
            take(record, from: direction, tables: &tables, &now)
        }
        judge(direction)
    }

    /// Records of one end are the other's. What was read of them was read as its own kind of message, so it is forgotten, unless
    /// hellos have told who is who.
    package mutating func exchangeEnds() {
        ends.swapAt(0, 1)
        guard !facts.sawHello else { return }
        facts = HandshakeFacts(over: .tcp)
        shape = Version13Shape()
    }

    /// Bytes of one direction were never captured.
    mutating func gap(of count: Int, direction: Direction) {
        guard count > 0 else { return }
        gaps += 1
        gapBytes += UInt64(count)
        ends[direction.index].stream.gap(of: count)
        ends[direction.index].handshake.reset()
        ends[direction.index].afterGap = true
    }

    private mutating func judge(_ direction: Direction) {
        guard verdict == .unsure else { return }
        if facts.sawHello || ends[direction.index].stream.count >= Self.convincingRecords {
            verdict = .tls
        } else if ends[direction.index].stream.neverFound {
            verdict = .notTLS
        }
    }

    /// A record is complete.
    private mutating func take(
        _ record: TLSRecordStream.Record, from direction: Direction, tables: inout SecurityTables,
        _ now: inout Observation
    ) {
        facts.tls.records.count += 1
        facts.tls.records.bytes += UInt64(TLSRecordHeader.length + record.length)
        facts.tls.records.overheadBytes += UInt64(TLSRecordHeader.length)
        facts.tls.records.largest = max(facts.tls.records.largest, record.length)
        guard case .tls(let type) = record.kind else {
            takeSSL2Hello(record, &now)
            return
        }
        let isProtected = ends[direction.index].epoch != .plain
        switch type {
        case .changeCipherSpec: takeChangeCipherSpec(record, from: direction, &now)
        case .handshake where !isProtected || facts.isVersion13:
            if record.isKept {
                takeHandshake(ends[direction.index].stream.fragment, record.start, direction, &tables, &now)
            }
        case .alert where record.length == 2:
            if record.isKept { takeAlert(ends[direction.index].stream.fragment, from: direction, at: record.start) }
        case .applicationData where !isProtected && !facts.sawHello:
            // Picked up in the middle: which version and keys these are is not known.
            break
        default: takeProtected(record, type, from: direction, tables: &tables, &now)
        }
        if type == .applicationData, !facts.tls.isDecrypted { noteBurst(record, direction, at: now.time) }
    }

    /// In TLS 1.3 records of the handshake have the same type: they are over once the client sent data.
    private mutating func noteBurst(_ record: TLSRecordStream.Record, _ direction: Direction, at time: Timestamp) {
        guard !facts.isVersion13 || shape.firstClientData != nil || !facts.sawHello else { return }
        guard direction == .fromServer else {
            if record.length > Self.longestControl { bursts.ask(at: record.start) }
            return
        }
        // Tag and type byte; tag and explicit nonce (RFC 8446 section 5.2, RFC 5288 section 3).
        let added = facts.isVersion13 || !facts.sawHello ? 17 : 24
        bursts.answer(record.length - added, start: record.start, end: time)
    }

    /// Frames of HTTP/2 that ask for nothing, with what TLS adds, stay below (WINDOW_UPDATE twice is 43, or 50 in TLS 1.2).
    private static let longestControl = 60

    private mutating func takeChangeCipherSpec(
        _ record: TLSRecordStream.Record, from direction: Direction, _ now: inout Observation
    ) {
        // TLS 1.3 sends it for old middleboxes only (RFC 8446 appendix D.4); a client may before any answer.
        guard !facts.isVersion13, facts.version != nil || !facts.offersVersion13 else { return }
        facts.changeCipherSpec(from: direction, at: record.start, &now)
        ends[direction.index].enter(.application)
    }

    /// Content of a handshake record, as sent or as opened.
    mutating func takeHandshake(
        _ content: [UInt8], _ time: Timestamp, _ direction: Direction, _ tables: inout SecurityTables,
        _ now: inout Observation, encrypted: Bool = false
    ) {
        ends[direction.index].handshake.append(content.rawSpan, time: time)
        var message: [UInt8] = []
        while let start = ends[direction.index].handshake.takeMessage(into: &message, time: time) {
            defer { message.removeAll(keepingCapacity: true) }
            var reader = ByteReader(message.rawSpan)
            guard let whole = TLSHandshakeMessage.next(&reader) else { return }
            let type = whole.type
            facts.take(
                type, body: whole.body, from: direction, at: start, encrypted: encrypted,
                certificates: tables.certificates, &now)
            if advance(after: type, from: direction, tables: &tables, encrypted: encrypted, &now) { return }
        }
    }

    /// What a message changes for the records that follow; true when the direction's keys changed, so that what is left in
    /// its buffer belongs to nobody.
    private mutating func advance(
        after type: TLSHandshakeType, from direction: Direction, tables: inout SecurityTables, encrypted: Bool,
        _ now: inout Observation
    ) -> Bool {
        switch (type, direction) {
        case (.clientHello, .fromClient):
            began(tables: &tables, &now)
            return false
        case (.serverHello, .fromServer) where facts.isVersion13 && facts.serverRandom != nil && !encrypted:
            ends[Direction.fromServer.index].enter(.handshake)
            if ends[Direction.fromClient.index].epoch == .plain { ends[Direction.fromClient.index].enter(.handshake) }
            ends[Direction.fromClient.index].lookedAt = -1
            prepare(tables: tables)
            return true
        case (.endOfEarlyData, .fromClient) where ends[Direction.fromClient.index].epoch == .early:
            ends[Direction.fromClient.index].enter(.handshake)
            return true
        case (.finished, _) where facts.isVersion13 && encrypted && ends[direction.index].epoch == .handshake:
            ends[direction.index].enter(.application)
            return true
        case (.keyUpdate, _) where encrypted && ends[direction.index].epoch == .application:
            updateKeys(direction)
            facts.tls.keyUpdates += 1
            return true
        default: return false
        }
    }

    /// A ClientHello was read.
    private mutating func began(tables: inout SecurityTables, _ now: inout Observation) {
        prepare(tables: tables)
        guard facts.offersEarlyData, facts.clientHellos == 1, let random = facts.clientRandom else { return }
        ends[Direction.fromClient.index].enter(.early)
        now.signal(.correlator(.earlyHello(random)))
    }

    /// Decides whether encrypted records are worth keeping.
    private mutating func prepare(tables: borrowing SecurityTables) {
        guard let random = facts.clientRandom else { return }
        let isKnown = tables.secrets?[random] != nil
        facts.tls.hasSecrets = facts.tls.hasSecrets || isKnown
        let keeps = isKnown || tables.awaitsSecrets
        ends[Direction.fromClient.index].stream.keepsApplicationData =
            keeps && !ends[Direction.fromClient.index].isOpaque
        ends[Direction.fromServer.index].stream.keepsApplicationData =
            keeps && !ends[Direction.fromServer.index].isOpaque
    }

    /// True for a close_notify.
    @discardableResult
    mutating func takeAlert(_ content: [UInt8], from direction: Direction, at time: Timestamp) -> Bool {
        var reader = unsafe ByteReader(content.span.bytes)
        guard let alert = try? TLSAlert(decoding: &reader), let level = alert.levelName else {
            malformed += 1
            return false
        }
        add(TLSAlertSnapshot(time: time, from: direction, level: level, description: alert.description))
        return alert.isCloseNotify
    }

    mutating func add(_ alert: TLSAlertSnapshot) {
        guard facts.tls.alerts.count < Self.alertCapacity else { return }
        facts.tls.alerts.append(alert)
    }

    /// SSL 2.0 form hello: `suites_length session_length challenge_length`, then the lists. Only that it was there and the
    /// challenge, which is the client's random, are kept.
    private mutating func takeSSL2Hello(_ record: TLSRecordStream.Record, _ now: inout Observation) {
        let body = ends[Direction.fromClient.index].stream.fragment
        var reader = unsafe ByteReader(body.span.bytes)
        guard reader.remaining >= 6 else { return }
        let suites = Int(reader.uint16())
        let session = Int(reader.uint16())
        let challenge = Int(reader.uint16())
        reader.skip(suites + session)
        let random = reader.copy(min(32, challenge))
        facts.clientHellos += 1
        facts.clientRandom = HelloRandom([UInt8](repeating: 0, count: 32 - random.count) + random)
        facts.moments.firstClientHello = record.start
        facts.moments.lastClientHello = record.start
        facts.add(
            HandshakeStep(step: .clientHello, from: .fromClient, time: record.start, bytes: record.length + 3),
            &now)
    }
}
