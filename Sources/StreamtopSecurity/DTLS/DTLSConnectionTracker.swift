import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// A DTLS association, datagram by datagram: versions 1.0 to 1.3, fragments, cookies, repeated flights, connection IDs; with
/// secrets, what was said.
package struct DTLSConnectionTracker: LayerState, ~Copyable, Sendable {
    private static let alertCapacity = 16

    /// Decrypted datagrams are handed up; off once nobody reads them.
    package var isRead = true
    /// The flow's server is the client of DTLS: its ClientHello tells, whoever opened the flow. In WebRTC either end may be.
    /// Inside, directions are those of DTLS.
    private(set) var isReversed = false
    /// Records or messages that break the specification.
    package var malformedCount: Int { malformed + facts.malformedMessages }

    var facts = HandshakeFacts(over: .dtls)
    /// What each end sends, by `Direction.index`.
    var ends: InlineArray<2, DTLSDirection> = InlineArray { _ in DTLSDirection() }
    var malformed = 0
    private let addressOnly = AddressOnly()

    package init() {}

    /// Memory that the association takes, with the bytes it holds.
    package var heldBytes: Int { MemoryLayout<Self>.stride + ends[0].heldBytes + ends[1].heldBytes }

    /// Gives up the bytes that wait for something, for want of memory.
    package mutating func releaseHeldBytes() {
        ends[0].releaseHeldBytes()
        ends[1].releaseHeldBytes()
    }

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

    /// Takes one datagram.
    package mutating func observe(
        _ bytes: RawSpan, _ delivery: borrowing Delivery, tables: inout SecurityTables, _ now: inout Observation
    ) {
        guard case .datagram = delivery.content else { return }
        if facts.tls.records.count == 0, delivery.direction == .fromServer, Self.isClientHello(bytes) {
            isReversed = true
        }
        let eventCount = now.events.count
        read(bytes, flowDirection(delivery.direction), at: delivery.time, tables: &tables, &now)
        guard isReversed else { return }
        for number in eventCount..<now.events.count { now.events[number] = now.events[number].reversed }
    }

    /// Roles in DTLS stay what they are; the flow's are exchanged.
    package mutating func exchangeEnds() { isReversed.toggle() }

    /// From the roles of DTLS to those of the flow, and back.
    private func flowDirection(_ direction: Direction) -> Direction { isReversed ? direction.reversed : direction }

    private mutating func read(
        _ bytes: RawSpan, _ direction: Direction, at time: Timestamp, tables: inout SecurityTables,
        _ now: inout Observation
    ) {
        retryWaiting(tables: tables, &now)
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
                &now)
        }
    }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        guard isConvincing else { return }
        let seen = snapshot()
        flow.dtls = isReversed ? seen.reversed : seen
        flow.decode.malformed += malformedCount
        flow.protocols.append(ProtocolKind.dtls.rawValue)
    }

    package func snapshot() -> DTLSSnapshot {
        var dtls = DTLSSnapshot()
        dtls.tls = facts.tls
        dtls.tls.handshake = facts.summary(earlyAccepted: nil, serverRoundTrip: nil)
        dtls.tls.handshake.timeline = facts.tls.handshake.timeline.inOrder(limit: HandshakeFacts.stepCapacity)
        dtls.retransmittedFlights =
            ends[Direction.fromClient.index].messages.retransmittedFlights
            + ends[Direction.fromServer.index].messages.retransmittedFlights
        dtls.reorderedMessages =
            ends[Direction.fromClient.index].messages.reordered
            + ends[Direction.fromServer.index].messages.reordered
        dtls.fragments =
            ends[Direction.fromClient.index].messages.extraFragments
            + ends[Direction.fromServer.index].messages.extraFragments
        dtls.cookie = facts.helloVerify || facts.helloRetry
        dtls.srtpProfile = facts.srtpProfile.map { SRTPProfile(rawValue: $0).text }
        dtls.srtpProfilesOffered = facts.srtpProfilesOffered.map { SRTPProfile(rawValue: $0).text }
        if let client = facts.connectionIDs.client, let server = facts.connectionIDs.server {
            dtls.connectionIDs = BothDirections(client: String(hexOf: client), server: String(hexOf: server))
        }
        return dtls
    }

    /// One record.
    private mutating func take(
        _ header: DTLSRecordHeader, _ headerBytes: [UInt8], _ fragment: consuming ByteReader, _ direction: Direction,
        at time: Timestamp, tables: borrowing SecurityTables, _ now: inout Observation
    ) {
        facts.tls.records.count += 1
        facts.tls.records.bytes += UInt64(header.length + header.fragmentLength)
        facts.tls.records.overheadBytes += UInt64(header.length)
        facts.tls.records.largest = max(facts.tls.records.largest, header.fragmentLength)
        if header.epoch == 0, header.form == .plain, let type = header.type {
            takeContent(type, fragment, direction, at: time, encrypted: false, tables: tables, &now)
            return
        }
        noteShape(header, direction, at: time, tables.certificates, &now)
        guard !ends[direction.index].isOpaque, facts.sawHello else { return }
        let record = DTLSDirection.Waiting(
            header: header, headerBytes: headerBytes, fragment: fragment.copy(fragment.remaining), time: time)
        if ends[direction.index].waiting.isEmpty, open(record, direction, tables: tables, &now) { return }
        wait(record, direction, tables: tables)
    }

    /// What a protected record tells without its content.
    private mutating func noteShape(
        _ header: DTLSRecordHeader, _ direction: Direction, at time: Timestamp, _ certificates: CertificateCache,
        _ now: inout Observation
    ) {
        // New keys: nothing more will come for the holes of the flight before.
        deliver(direction, encrypted: false, anyway: true, certificates, &now)
        let version = facts.version ?? header.version ?? .dtls13
        let expansion = facts.cipher?.expansion(of: version) ?? 0
        facts.tls.records.overheadBytes += UInt64(min(expansion, header.fragmentLength))
        if case .unified = header.form {
            noteShape13(header, direction, at: time, &now)
            return
        }
        switch header.type {
        case .handshake where facts.version != nil:
            // Header of 12 and the 12 bytes of verify_data (RFC 5246 section 7.4.9).
            inferFinished(direction, bytes: 24, at: time, &now)
        case .applicationData, .connectionID:
            facts.applicationData(from: direction, at: time, &now)
        default: break
        }
    }

    /// The first encrypted handshake record of an end is its Finished.
    private mutating func inferFinished(
        _ direction: Direction, bytes: Int?, at time: Timestamp, _ now: inout Observation
    ) {
        let isFirst =
            direction == .fromClient ? facts.moments.clientFinished == nil : facts.moments.serverFinished == nil
        guard isFirst else { return }
        facts.finished(from: direction, at: time)
        facts.add(
            HandshakeStep(
                step: .finished, from: direction, time: time, bytes: bytes, encrypted: true, inferred: true), &now)
    }

    /// DTLS 1.3 shows the epoch: 2 is the handshake, 3 and later data (RFC 9147 section 6.1).
    private mutating func noteShape13(
        _ header: DTLSRecordHeader, _ direction: Direction, at time: Timestamp, _ now: inout Observation
    ) {
        guard facts.moments.serverHello != nil, !facts.readsEncryptedExtensions else { return }
        if header.epoch == 2 {
            inferFinished(direction, bytes: nil, at: time, &now)
        } else if header.epoch == 3 {
            facts.applicationData(from: direction, at: time, &now)
        }
    }

    /// Content of a record, as sent or as opened.
    mutating func takeContent(
        _ type: TLSContentType, _ content: consuming ByteReader, _ direction: Direction, at time: Timestamp,
        encrypted: Bool, tables: borrowing SecurityTables, _ now: inout Observation
    ) {
        switch type {
        case .handshake:
            takeHandshake(&content, direction, at: time, encrypted: encrypted, tables.certificates, &now)
        case .changeCipherSpec:
            deliver(direction, encrypted: false, anyway: true, tables.certificates, &now)
            if !facts.isVersion13 { facts.changeCipherSpec(from: direction, at: time, &now) }
        case .alert:
            guard let alert = try? TLSAlert(decoding: &content), let level = alert.levelName else {
                malformed += 1
                return
            }
            guard facts.tls.alerts.count < Self.alertCapacity else { return }
            facts.tls.alerts.append(
                TLSAlertSnapshot(time: time, from: direction, level: level, description: alert.description))
        case .applicationData where encrypted:
            if facts.isVersion13 { facts.applicationData(from: direction, at: time, &now) }
            deliver(
                content, direction, at: time, isEarly: facts.isVersion13 && ends[direction.index].keyEpoch == 1, &now)
        default: break
        }
    }

    /// Hands one datagram's plain text up.
    private func deliver(
        _ content: consuming ByteReader, _ direction: Direction, at time: Timestamp, isEarly: Bool,
        _ now: inout Observation
    ) {
        guard isRead else { return }
        let start = now.deliveries.bytes.count
        let count = content.remaining
        content.append(count, to: &now.deliveries.bytes)
        now.deliveries.append(
            Delivery(
                direction: flowDirection(direction), time: time, isEarly: isEarly,
                content: .datagram(DeliveredRange(.queue, start: start, count: count))))
    }

    private mutating func takeHandshake(
        _ content: inout ByteReader, _ direction: Direction, at time: Timestamp, encrypted: Bool,
        _ certificates: CertificateCache, _ now: inout Observation
    ) {
        while !content.isAtEnd {  // each round takes at least a header, or ends
            guard let header = try? DTLSHandshakeHeader(decoding: &content) else {
                malformed += 1
                return
            }
            if ends[direction.index].messages.take(header, &content, at: time) {
                now.tell(.dtlsRetransmit(from: direction))
            }
            deliver(direction, encrypted: encrypted, anyway: false, certificates, &now)
        }
    }

    /// Gives whole messages, in order, to the facts.
    private mutating func deliver(
        _ direction: Direction, encrypted: Bool, anyway: Bool, _ certificates: CertificateCache,
        _ now: inout Observation
    ) {
        while let message = ends[direction.index].messages.nextMessage(anyway: anyway) {
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            unsafe facts.take(
                message.type, body: ByteReader(message.body.span.bytes), from: direction, at: message.start,
                encrypted: encrypted, certificates: certificates, &now)
        }
    }
}

extension FlowEvent.Kind {
    /// The same event with the ends exchanged.
    fileprivate var reversed: FlowEvent.Kind {
        switch self {
        case .handshakeStep(let step, let from, let bytes, let encrypted):
            .handshakeStep(step: step, from: from.reversed, bytes: bytes, encrypted: encrypted)
        case .dtlsRetransmit(let from): .dtlsRetransmit(from: from.reversed)
        default: self
        }
    }
}
