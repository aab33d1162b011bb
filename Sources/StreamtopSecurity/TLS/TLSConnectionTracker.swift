import StreamtopBase
import StreamtopCrypto
import StreamtopModel
import StreamtopWire

/// A TLS connection over TCP, from its ordered bytes: who agreed on what, when, and at what cost; with secrets, what was said.
///
/// Tolerates what captures do: a missing beginning, one direction only, holes (`gap`), garbage. Everything held is bounded:
/// one record and one handshake message per direction, `TLSWay.mostWaitingBytes` of records waiting for secrets.
package struct TLSConnectionTracker: ~Copyable, Sendable {
    package enum Verdict: Equatable, Sendable {
        /// Too few bytes so far.
        case unsure
        case tls
        case notTLS
    }

    /// Whole records in a row, without any hello, that make a connection TLS.
    private static let convincingRecords: UInt64 = 3
    /// Alerts kept; more are a flood.
    private static let mostAlerts = 16

    package private(set) var verdict = Verdict.unsure
    /// Decrypted application bytes are kept for `takePlaintext`; off, they are only counted.
    package var keepsPlaintext = false
    /// Records that break the specification.
    var malformed = 0
    /// Records and messages that break the specification.
    package var malformedCount: Int { malformed + facts.malformedMessages }
    /// Times that the beginning of the next record was lost, and bytes that never arrived.
    package private(set) var gaps = 0
    package private(set) var gapBytes: UInt64 = 0

    var facts = HandshakeFacts(isDatagram: false)
    var shape = Version13Shape()
    /// What each end sends, by `Direction.index`.
    var ends: InlineArray<2, TLSWay> = InlineArray { _ in TLSWay() }
    var early = EarlyDataReading()

    package init() {}

    /// Takes the next bytes of one direction's stream; a piece is what one segment brought, or what filled a hole.
    package mutating func observe(
        _ bytes: RawSpan, direction: Direction, at time: Timestamp, tables: inout SecurityTables,
        events: inout [FlowEvent.Kind]
    ) {
        guard verdict != .notTLS else { return }
        retryWaiting(tables: tables, events: &events)
        ends[direction.index].stream.beginPiece()
        var reader = ByteReader(bytes)
        while let record = ends[direction.index].stream.next(&reader, at: time) {
            take(record, from: direction, tables: &tables, events: &events)
        }
        judge(direction)
    }

    /// Bytes of one direction were never captured.
    package mutating func gap(of count: Int, direction: Direction) {
        guard count > 0 else { return }
        gaps += 1
        gapBytes += UInt64(count)
        ends[direction.index].stream.gap(of: count)
        ends[direction.index].handshake.reset()
        ends[direction.index].afterGap = true
    }

    /// Decrypted application bytes of one direction since the last call, appended to `output`; returns how many more there
    /// were that did not fit.
    package mutating func takePlaintext(direction: Direction, into output: inout [UInt8]) -> UInt64 {
        output.append(contentsOf: ends[direction.index].plaintext)
        ends[direction.index].plaintext.removeAll(keepingCapacity: true)
        let lost = ends[direction.index].plaintextLost
        ends[direction.index].plaintextLost = 0
        return lost
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
        events: inout [FlowEvent.Kind]
    ) {
        facts.tls.records.count += 1
        facts.tls.records.bytes += UInt64(TLSRecordHeader.length + record.length)
        facts.tls.records.overheadBytes += UInt64(TLSRecordHeader.length)
        facts.tls.records.largest = max(facts.tls.records.largest, record.length)
        guard case .tls(let type) = record.kind else {
            takeSSL2Hello(record, events: &events)
            return
        }
        let isProtected = ends[direction.index].epoch != .plain
        switch type {
        case .changeCipherSpec: takeChangeCipherSpec(record, from: direction, events: &events)
        case .handshake where !isProtected || facts.isVersion13:
            if record.isKept {
                takeHandshake(ends[direction.index].stream.fragment, record.start, direction, &tables, &events)
            }
        case .alert where record.length == 2:
            if record.isKept { takeAlert(ends[direction.index].stream.fragment, from: direction, at: record.start) }
        case .applicationData where !isProtected && !facts.sawHello:
            // Picked up in the middle: which version and keys these are is not known.
            break
        default: takeProtected(record, type, from: direction, tables: &tables, events: &events)
        }
    }

    private mutating func takeChangeCipherSpec(
        _ record: TLSRecordStream.Record, from direction: Direction, events: inout [FlowEvent.Kind]
    ) {
        // TLS 1.3 sends it for old middleboxes only (RFC 8446 appendix D.4); a client may before any answer.
        guard !facts.isVersion13, facts.version != nil || !facts.offersVersion13 else { return }
        facts.changeCipherSpec(from: direction, at: record.start, events: &events)
        ends[direction.index].enter(.application)
    }

    /// Content of a handshake record, as sent or as opened.
    mutating func takeHandshake(
        _ content: [UInt8], _ time: Timestamp, _ direction: Direction, _ tables: inout SecurityTables,
        _ events: inout [FlowEvent.Kind], encrypted: Bool = false
    ) {
        ends[direction.index].handshake.append(content, at: time)
        let bytes = ends[direction.index].handshake.bytes
        let first = ends[direction.index].handshake.start
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        var reader = unsafe ByteReader(bytes.span.bytes)
        var taken = 0
        while let message = TLSHandshakeMessage.next(&reader) {
            let type = message.type
            facts.take(
                type, body: message.body, from: direction, at: taken == 0 ? first : time, encrypted: encrypted,
                events: &events)
            taken = reader.consumed
            if advance(after: type, from: direction, tables: &tables, encrypted: encrypted, events: &events) { return }
        }
        ends[direction.index].handshake.consume(taken, rest: time)
    }

    /// What a message changes for the records that follow; true when the direction's keys changed, so that what is left in
    /// its buffer belongs to nobody.
    private mutating func advance(
        after type: TLSHandshakeType, from direction: Direction, tables: inout SecurityTables, encrypted: Bool,
        events: inout [FlowEvent.Kind]
    ) -> Bool {
        switch (type, direction) {
        case (.clientHello, .fromClient):
            began(tables: &tables)
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
    private mutating func began(tables: inout SecurityTables) {
        prepare(tables: tables)
        guard facts.offersEarlyData, facts.clientHellos == 1, let random = facts.clientRandom else { return }
        ends[Direction.fromClient.index].enter(.early)
        early.isReplayed = tables.earlyHellos.note(random)
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

    mutating func takeAlert(_ content: [UInt8], from direction: Direction, at time: Timestamp) {
        var reader = unsafe ByteReader(content.span.bytes)
        guard let alert = try? TLSAlert(decoding: &reader), let level = alert.levelName else {
            malformed += 1
            return
        }
        add(TLSAlertSnapshot(time: time, from: direction, level: level, description: alert.description))
    }

    mutating func add(_ alert: TLSAlertSnapshot) {
        guard facts.tls.alerts.count < Self.mostAlerts else { return }
        facts.tls.alerts.append(alert)
    }

    /// SSL 2.0 form hello: `suites_length session_length challenge_length`, then the lists. Only that it was there and the
    /// challenge, which is the client's random, are kept.
    private mutating func takeSSL2Hello(_ record: TLSRecordStream.Record, events: inout [FlowEvent.Kind]) {
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
            &events)
    }
}
