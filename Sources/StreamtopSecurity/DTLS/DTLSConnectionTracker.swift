import StreamtopBase
import StreamtopCrypto
import StreamtopModel
import StreamtopWire

/// A DTLS association, datagram by datagram: versions 1.0 to 1.3, fragments, cookies, repeated flights, connection IDs; with
/// secrets, what was said.
package struct DTLSConnectionTracker: ~Copyable, Sendable {
    private static let mostAlerts = 16

    /// Decrypted datagrams are kept for `takePlaintext`; off, they are only counted.
    package var keepsPlaintext = false
    /// Records or messages that break the specification.
    package var malformedCount: Int { malformed + facts.malformedMessages }

    var facts = HandshakeFacts(isDatagram: true)
    /// What each end sends, by `Direction.index`.
    var ends: InlineArray<2, DTLSWay> = InlineArray { _ in DTLSWay() }
    var malformed = 0

    package init() {}

    /// Enough was seen to call this DTLS: a hello, or records without one that is not.
    package var isConvincing: Bool { facts.sawHello || facts.tls.records.count > UInt64(malformed) }

    /// Whether a datagram, on any port, begins with a DTLS record. CAPWAP puts four bytes in front (RFC 5415 section 4.2).
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        DTLSRecordHeader.canBegin(payload(of: bytes))
    }

    /// The datagram begins with a ClientHello: its sender is the client.
    package static func isClientHello(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(payload(of: bytes))
        return reader.peekUInt8() == TLSContentType.handshake.rawValue && reader.peekUInt16(ahead: 3) == 0
            && reader.peekUInt8(ahead: DTLSRecordHeader.plainLength) == TLSHandshakeType.clientHello.rawValue
    }

    @_lifetime(copy bytes)
    private static func payload(of bytes: RawSpan) -> RawSpan {
        var reader = ByteReader(bytes)
        if reader.peekUInt32() == 0x0100_0000 { reader.skip(4) }
        return reader.restSpan
    }

    /// Takes one datagram's payload.
    package mutating func observe(
        _ bytes: RawSpan, direction: Direction, at time: Timestamp, tables: inout SecurityTables,
        events: inout [FlowEvent.Kind]
    ) {
        retryWaiting(tables: tables, events: &events)
        var reader = ByteReader(Self.payload(of: bytes))
        while !reader.isAtEnd {  // each round takes a record of at least a header, or ends
            let start = reader.rest
            let identifier = facts.connectionIDs[direction.reversed]?.count ?? 0
            guard let header = try? DTLSRecordHeader(decoding: &reader, connectionIDLength: identifier) else {
                // What follows a record need not be one: the rest of the datagram is something else or cut.
                malformed += 1
                return
            }
            var headerReader = start
            let headerBytes = headerReader.copy(header.length)
            take(
                header, headerBytes, reader.reader(of: header.fragmentLength), direction, at: time, tables: tables,
                events: &events)
        }
    }

    /// Decrypted datagrams of one direction since the last call; returns how many more there were that did not fit.
    package mutating func takePlaintext(direction: Direction) -> (datagrams: [[UInt8]], lost: UInt64) {
        let datagrams = ends[direction.index].datagrams
        let lost = ends[direction.index].plaintextLost
        ends[direction.index].datagrams = []
        ends[direction.index].plaintextBytes = 0
        ends[direction.index].plaintextLost = 0
        return (datagrams, lost)
    }

    package func snapshot() -> DTLSSnapshot {
        var dtls = DTLSSnapshot()
        dtls.tls = facts.tls
        dtls.tls.handshake = facts.summary(earlyAccepted: nil, serverRoundTrip: nil)
        dtls.tls.handshake.timeline = facts.tls.handshake.timeline.inOrder(limit: HandshakeFacts.mostSteps)
        dtls.retransmittedFlights =
            ends[Direction.fromClient.index].reassembly.retransmittedFlights
            + ends[Direction.fromServer.index].reassembly.retransmittedFlights
        dtls.reorderedMessages =
            ends[Direction.fromClient.index].reassembly.reordered
            + ends[Direction.fromServer.index].reassembly.reordered
        dtls.fragments =
            ends[Direction.fromClient.index].reassembly.extraFragments
            + ends[Direction.fromServer.index].reassembly.extraFragments
        dtls.cookie = facts.helloVerify || facts.helloRetry
        dtls.srtpProfile = facts.srtpProfile.map { SRTPProfile(rawValue: $0).text }
        dtls.srtpProfilesOffered = facts.srtpProfilesOffered.map { SRTPProfile(rawValue: $0).text }
        if let client = facts.connectionIDs.client, let server = facts.connectionIDs.server {
            dtls.connectionIDs = BothWays(client: hex(client), server: hex(server))
        }
        return dtls
    }

    /// One record.
    private mutating func take(
        _ header: DTLSRecordHeader, _ headerBytes: [UInt8], _ fragment: consuming ByteReader, _ direction: Direction,
        at time: Timestamp, tables: borrowing SecurityTables, events: inout [FlowEvent.Kind]
    ) {
        facts.tls.records.count += 1
        facts.tls.records.bytes += UInt64(header.length + header.fragmentLength)
        facts.tls.records.overheadBytes += UInt64(header.length)
        facts.tls.records.largest = max(facts.tls.records.largest, header.fragmentLength)
        if header.epoch == 0, header.form == .plain, let type = header.type {
            takeContent(type, fragment, direction, at: time, encrypted: false, tables: tables, events: &events)
            return
        }
        noteShape(header, direction, at: time, events: &events)
        guard !ends[direction.index].isOpaque, facts.sawHello else { return }
        let record = DTLSWay.Waiting(
            header: header, headerBytes: headerBytes, fragment: fragment.copy(fragment.remaining), time: time)
        if ends[direction.index].waiting.isEmpty, open(record, direction, tables: tables, events: &events) { return }
        wait(record, direction, tables: tables)
    }

    /// What a protected record tells without its content.
    private mutating func noteShape(
        _ header: DTLSRecordHeader, _ direction: Direction, at time: Timestamp, events: inout [FlowEvent.Kind]
    ) {
        // New keys: nothing more will come for the holes of the flight before.
        deliver(direction, encrypted: false, anyway: true, events: &events)
        let version = facts.version ?? header.version ?? .dtls13
        let expansion = facts.cipher?.expansion(of: version) ?? 0
        facts.tls.records.overheadBytes += UInt64(min(expansion, header.fragmentLength))
        if case .unified = header.form {
            noteShape13(header, direction, at: time, events: &events)
            return
        }
        switch header.type {
        case .handshake where facts.version != nil:
            // Header of 12 and the 12 bytes of verify_data (RFC 5246 section 7.4.9).
            inferFinished(direction, bytes: 24, at: time, events: &events)
        case .applicationData, .connectionID:
            facts.applicationData(from: direction, at: time, events: &events)
        default: break
        }
    }

    /// The first encrypted handshake record of an end is its Finished.
    private mutating func inferFinished(
        _ direction: Direction, bytes: Int?, at time: Timestamp, events: inout [FlowEvent.Kind]
    ) {
        let isFirst =
            direction == .fromClient ? facts.moments.clientFinished == nil : facts.moments.serverFinished == nil
        guard isFirst else { return }
        facts.finished(from: direction, at: time)
        facts.add(
            HandshakeStep(
                step: .finished, from: direction, time: time, bytes: bytes, encrypted: true, inferred: true), &events)
    }

    /// DTLS 1.3 shows the epoch: 2 is the handshake, 3 and later data (RFC 9147 section 6.1).
    private mutating func noteShape13(
        _ header: DTLSRecordHeader, _ direction: Direction, at time: Timestamp, events: inout [FlowEvent.Kind]
    ) {
        guard facts.moments.serverHello != nil, !facts.readsEncryptedExtensions else { return }
        if header.epoch == 2 {
            inferFinished(direction, bytes: nil, at: time, events: &events)
        } else if header.epoch == 3 {
            facts.applicationData(from: direction, at: time, events: &events)
        }
    }

    /// Content of a record, as sent or as opened.
    mutating func takeContent(
        _ type: TLSContentType, _ content: consuming ByteReader, _ direction: Direction, at time: Timestamp,
        encrypted: Bool, tables: borrowing SecurityTables, events: inout [FlowEvent.Kind]
    ) {
        switch type {
        case .handshake:
            takeHandshake(&content, direction, at: time, encrypted: encrypted, events: &events)
        case .changeCipherSpec:
            deliver(direction, encrypted: false, anyway: true, events: &events)
            if !facts.isVersion13 { facts.changeCipherSpec(from: direction, at: time, events: &events) }
        case .alert:
            guard let alert = try? TLSAlert(decoding: &content), let level = alert.levelName else {
                malformed += 1
                return
            }
            guard facts.tls.alerts.count < Self.mostAlerts else { return }
            facts.tls.alerts.append(
                TLSAlertSnapshot(time: time, from: direction, level: level, description: alert.description))
        case .applicationData where encrypted:
            if facts.isVersion13 { facts.applicationData(from: direction, at: time, events: &events) }
            keep(content.copy(content.remaining), direction)
        default: break
        }
    }

    private mutating func keep(_ datagram: [UInt8], _ direction: Direction) {
        guard keepsPlaintext else { return }
        guard ends[direction.index].datagrams.count < DTLSWay.mostDatagrams,
            ends[direction.index].plaintextBytes + datagram.count <= DTLSWay.mostPlaintext
        else {
            ends[direction.index].plaintextLost += 1
            return
        }
        ends[direction.index].plaintextBytes += datagram.count
        ends[direction.index].datagrams.append(datagram)
    }

    private mutating func takeHandshake(
        _ content: inout ByteReader, _ direction: Direction, at time: Timestamp, encrypted: Bool,
        events: inout [FlowEvent.Kind]
    ) {
        while !content.isAtEnd {  // each round takes at least a header, or ends
            guard let header = try? DTLSHandshakeHeader(decoding: &content) else {
                malformed += 1
                return
            }
            if ends[direction.index].reassembly.take(header, &content, at: time) {
                events.append(.dtlsRetransmit(from: direction))
            }
            deliver(direction, encrypted: encrypted, anyway: false, events: &events)
        }
    }

    /// Gives whole messages, in order, to the facts.
    private mutating func deliver(
        _ direction: Direction, encrypted: Bool, anyway: Bool, events: inout [FlowEvent.Kind]
    ) {
        while let message = ends[direction.index].reassembly.nextMessage(anyway: anyway) {
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            unsafe facts.take(
                message.type, body: ByteReader(message.body.span.bytes), from: direction, at: message.start,
                encrypted: encrypted, events: &events)
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
