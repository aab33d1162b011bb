import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Packets with a long header.
extension QUICConnectionTracker {
    mutating func observeLong(
        _ header: QUICLongHeader, _ packet: RawSpan, datagramSize: Int, direction: Direction, at time: Timestamp,
        secrets: borrowing SecretStore?, scratch: inout QUICScratch, _ now: inout Observation
    ) -> Outcome {
        switch header.type {
        case .versionNegotiation:
            observeNegotiation(header, packet, direction: direction, at: time, &now)
        case .retry:
            observeRetry(header, packet, direction: direction, at: time, scratch: &scratch, &now)
        case .initial:
            return observeInitial(
                header, packet, direction: direction, at: time, secrets: secrets, scratch: &scratch, &now)
        case .handshake, .zeroRTT:
            observeProtectedLong(
                header, packet, direction: direction, at: time, secrets: secrets, scratch: &scratch, &now)
        case .unknown, .oneRTT:
            if !(version?.isDecodable ?? false) { version = header.version }
            note(header.source, of: direction, &now)
            // Versions reserved for negotiation stand for the newest one, and so do their type bits.
            if header.version.isGreased, (ByteReader(packet).peekUInt8() ?? 0xff) & 0x30 == 0 { packets.initial += 1 }
            if direction == .fromClient {
                originalDestination = originalDestination ?? header.destination
                if times.firstInitial == nil { times.firstInitial = time }
                clientInitials += 1
            }
        }
        return .none
    }

    /// Notes an ID that the end sending in `owner`'s direction chose.
    mutating func note(_ identifier: QUICConnectionID, of owner: Direction, _ now: inout Observation) {
        guard endpoints[owner].identifiers.insert(identifier), !identifier.isEmpty else { return }
        now.signal(.connectionID(identifier, owner: owner))
    }

    /// A step of the transport's that belongs to the handshake above it.
    func step(
        _ step: HandshakeStepName, from direction: Direction, bytes: Int, encrypted: Bool = false,
        _ now: inout Observation
    ) {
        now.tell(.handshakeStep(step: step, from: direction, bytes: bytes, encrypted: encrypted))
        now.signal(.handshakeStep(step, from: direction, bytes: bytes))
    }

    private mutating func observeNegotiation(
        _ header: QUICLongHeader, _ packet: RawSpan, direction: Direction, at time: Timestamp,
        _ now: inout Observation
    ) {
        packets.versionNegotiation += 1
        hasVersionNegotiation = true
        if clientInitials == 1, let asked = times.firstInitial, direction == .fromServer {
            serverTrip.record(time - asked, source: .quicHandshake, at: time)
        }
        var reader = ByteReader(packet)
        reader.skip(header.tokenOffset)
        offered = []
        while reader.remaining >= 4, offered.count < 32 {  // each pass takes four bytes
            offered.append(QUICVersion(rawValue: reader.uint32()))
        }
        now.tell(.versionNegotiation(offered: offered.map(\.description)))
    }

    private mutating func observeRetry(
        _ header: QUICLongHeader, _ packet: RawSpan, direction: Direction, at time: Timestamp,
        scratch: inout QUICScratch, _ now: inout Observation
    ) {
        packets.retry += 1
        if let original = originalDestination, packet.byteCount == header.packetLength {
            let fits = QUICRetryTag.isValid(packet, version: header.version, original: original)
            // A forged Retry is ignored by the client, and so by us.
            if fits == false {
                isRetryTagValid = isRetryTagValid ?? false
                return
            }
            isRetryTagValid = fits
        }
        if clientInitials == 1, let asked = times.firstInitial {
            serverTrip.record(time - asked, source: .quicHandshake, at: time)
        }
        hasRetry = true
        note(header.source, of: direction, &now)
        // The client's next Initials go to the server's new ID, and their keys follow from it.
        _ = keys.deriveInitial(header.version, destination: header.source)
        // The client should repeat its ClientHello and go on numbering; some begin anew with both.
        forgetInitials()
        step(.retry, from: direction, bytes: header.packetLength, &now)
    }

    private mutating func observeInitial(
        _ header: QUICLongHeader, _ packet: RawSpan, direction: Direction, at time: Timestamp,
        secrets: borrowing SecretStore?, scratch: inout QUICScratch, _ now: inout Observation
    ) -> Outcome {
        var opened = openInitial(header, packet, direction: direction, scratch: &scratch)
        if opened == nil {
            opened = openWithOwnKeys(header, packet, scratch: &scratch)
            if opened != nil, direction == .fromServer { return .isFromClient }
        }
        packets.initial += 1
        if version == nil || opened != nil { version = header.version }
        note(header.source, of: direction, &now)
        if direction == .fromClient {
            clientInitials += 1
            if originalDestination == nil { originalDestination = header.destination }
            if times.firstInitial == nil {
                times.firstInitial = time
                step(.initial, from: direction, bytes: header.packetLength, &now)
            }
            // A hello in several packets leaves at once; what comes this much later was sent by a timer.
            if let asked = times.firstInitial, times.serverInitial == nil, !hasRetry, time - asked >= .milliseconds(100)
            {
                times.repeatedRequest = time
            }
            // A token that a Retry gave came back from where it was sent.
            if hasRetry, header.tokenLength > 0 { amplification.validate() }
        } else if times.serverInitial == nil {
            times.serverInitial = time
            step(.initial, from: direction, bytes: header.packetLength, &now)
        }
        guard let opened else {
            packets.undecryptable += 1
            return .none
        }
        observeOpened(
            opened, level: .initial, size: header.packetLength, direction: direction, at: time, scratch: &scratch,
            &now)
        installKeys(from: secrets, scratch: &scratch, &now)
        return .none
    }

    /// With the keys at hand, following a compatible change of version (RFC 9368 section 2.3).
    private mutating func openInitial(
        _ header: QUICLongHeader, _ packet: RawSpan, direction: Direction, scratch: inout QUICScratch
    ) -> QUICOpenedPacket? {
        guard let known = keys.initialVersion else { return nil }
        if known != header.version {
            guard keys.deriveInitial(header.version, destination: keys.initialDestination) else { return nil }
        }
        let opened = keys.openInitial(
            packet, numberOffset: header.packetNumberOffset, direction: direction,
            largest: endpoints[direction].recovery.largest(.initial), buffers: &scratch.buffers)
        if opened == nil, known != header.version {
            _ = keys.deriveInitial(known, destination: keys.initialDestination)
        }
        return opened
    }

    /// As a client's first Initial, whose keys follow from its own Destination Connection ID.
    private mutating func openWithOwnKeys(
        _ header: QUICLongHeader, _ packet: RawSpan, scratch: inout QUICScratch
    ) -> QUICOpenedPacket? {
        let known = keys.initialVersion
        let destination = keys.initialDestination
        guard packet.byteCount == header.packetLength,
            keys.deriveInitial(header.version, destination: header.destination)
        else { return nil }
        let opened = keys.openInitial(
            packet, numberOffset: header.packetNumberOffset, direction: .fromClient, largest: nil,
            buffers: &scratch.buffers)
        guard opened != nil else {
            if let known { _ = keys.deriveInitial(known, destination: destination) }
            return nil
        }
        // A new attempt with a ClientHello of its own.
        if known != nil, !hasRetry {
            forgetInitials()
        }
        return opened
    }

    private mutating func forgetInitials() {
        for end in Direction.allCases {
            endpoints[end].cryptoStreams[QUICLevel.initial.index].reset()
            let bytes = endpoints[end].recovery.discard(.initial)
            endpoints[end].release(bytes, at: start)
        }
    }

    private mutating func observeProtectedLong(
        _ header: QUICLongHeader, _ packet: RawSpan, direction: Direction, at time: Timestamp,
        secrets: borrowing SecretStore?, scratch: inout QUICScratch, _ now: inout Observation
    ) {
        if version == nil { version = header.version }
        note(header.source, of: direction, &now)
        if header.type == .zeroRTT {
            packets.zeroRTT += 1
            earlyPackets += 1
            earlyBytes &+= UInt64(header.packetLength)
            if times.firstInitial == nil { earlyBeforeInitial += 1 }
        } else {
            packets.handshake += 1
            if direction == .fromClient {
                amplification.validate()
                if times.clientHandshake == nil {
                    times.clientHandshake = time
                    if let asked = times.serverHandshake {
                        clientTrip.record(time - asked, source: .quicHandshake, at: time)
                    }
                }
            } else if times.serverHandshake == nil {
                times.serverHandshake = time
            }
        }
        guard packet.byteCount == header.packetLength else {
            unreadable += 1
            return
        }
        openProtected(
            packet, type: header.type, numberOffset: header.packetNumberOffset, direction: direction, at: time,
            secrets: secrets, scratch: &scratch, &now)
    }

    /// Opens a packet of a level that takes secrets, now or when they come.
    mutating func openProtected(
        _ packet: RawSpan, type: QUICPacketType, numberOffset: Int, direction: Direction, at time: Timestamp,
        secrets: borrowing SecretStore?, scratch: inout QUICScratch, _ now: inout Observation
    ) {
        let level: QUICLevel = type == .handshake ? .handshake : .oneRTT
        let largest = endpoints[direction].recovery.largest(level)
        var opened: QUICOpenedPacket?
        var hadKey = true
        switch type {
        case .handshake:
            hadKey = keys.hasHandshake(direction)
            opened = keys.openHandshake(
                packet, numberOffset: numberOffset, direction: direction, largest: largest,
                buffers: &scratch.buffers)
        case .zeroRTT:
            hadKey = keys.hasEarly
            opened = keys.openEarly(packet, numberOffset: numberOffset, largest: largest, buffers: &scratch.buffers)
        default:
            hadKey = keys.hasOneRTT(direction)
            let before = keys.updates
            opened = keys.openOneRTT(
                packet, numberOffset: numberOffset, direction: direction, largest: largest,
                buffers: &scratch.buffers)
            if keys.updates > before { now.tell(.keyUpdate(by: direction)) }
        }
        if let opened {
            if type == .oneRTT { hasOpenedOneRTT = true }
            observeOpened(
                opened, level: level, isEarly: type == .zeroRTT, size: packet.byteCount, direction: direction, at: time,
                scratch: &scratch, &now)
        } else if hadKey {
            packets.undecryptable += 1
            if type == .oneRTT { suspectReset(packet, direction: direction) }
        } else if hasSecrets(secrets) {
            waiting.append(packet, type: type, numberOffset: numberOffset, direction: direction, time: time)
        }
        if level == .handshake { installKeys(from: secrets, scratch: &scratch, &now) }
    }
}
