import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Packets with a short header.
extension QUICConnectionTracker {
    mutating func observeShort(
        _ packet: RawSpan, missing: Int, direction: Direction, at time: Timestamp, secrets: borrowing SecretStore?,
        scratch: inout QUICScratch, _ now: inout Observation
    ) {
        var reader = ByteReader(packet)
        let first = QUICShortHeader(firstByte: reader.uint8())
        packets.oneRTT += 1
        if resetSuspect == direction { resetSuspect = nil }
        noteProgress(direction, at: time, &now)
        readSpin(first.spin, direction: direction, at: time)
        if !hasOpenedOneRTT { noteBurst(packet.byteCount + missing, direction, at: time) }
        guard missing == 0 else {
            unreadable += 1
            return
        }
        guard keys.hasOneRTT || hasSecrets(secrets), let length = destinationLength(for: direction, packet) else {
            return
        }
        if !keys.hasOneRTT(direction) { installKeys(from: secrets, scratch: &scratch, &now) }
        openProtected(
            packet, type: .oneRTT, numberOffset: 1 + length, direction: direction, at: time, secrets: secrets,
            scratch: &scratch, &now)
    }

    /// Handbook 5.9: packets of the client that are more than acknowledgements ask. What it usually sends are acknowledgements, where
    /// it asks at all; who sends media, too, has nothing that stands out.
    private mutating func noteBurst(_ size: Int, _ direction: Direction, at time: Timestamp) {
        if direction == .fromServer {
            if size > Self.longestAcknowledgment { bursts.answer(size - Self.addedBytes, start: time, end: time) }
            return
        }
        if size > usualSize + Self.burstExcess { bursts.ask(at: time) }
        // The middle of all sizes, a byte nearer with each.
        if size > usualSize { usualSize += 1 } else if size < usualSize { usualSize -= 1 }
    }

    /// Own, measured with aioquic behind connection IDs of 8 bytes: acknowledgements have 30 to 40 bytes, requests 53 and more.
    private static let burstExcess = 16
    /// Of a server: with some ranges, or windows that it opens.
    private static let longestAcknowledgment = 80
    /// First byte, packet number, tag and the head of a STREAM frame, with a connection ID of eight bytes at most.
    private static let addedBytes = 34

    /// Secrets were given or may come, if not this connection's: what cannot be opened yet may be later.
    func hasSecrets(_ store: borrowing SecretStore?) -> Bool { store != nil }

    /// Length of the connection ID in a short header: the receiver chose it, and keeps one length in practice. Where it
    /// has IDs of several lengths the bytes decide.
    /// Mutating so that it works in place: a borrowed tracker is copied for the call.
    private mutating func destinationLength(for direction: Direction, _ packet: RawSpan) -> Int? {
        guard let newest = endpoints[direction.reversed].identifiers.list.last else { return nil }
        let length = Int(newest.length)
        guard endpoints[direction.reversed].identifiers.hasSeveralLengths else { return length }
        for known in endpoints[direction.reversed].identifiers.list {
            var reader = ByteReader(packet)
            reader.skip(1)
            if QUICConnectionID(&reader, length: Int(known.length)) == known { return Int(known.length) }
        }
        return length
    }

    /// The handshake is over for an observer when the client sends 1-RTT packets after the server has answered.
    private mutating func noteProgress(_ direction: Direction, at time: Timestamp, _ now: inout Observation) {
        guard !isEstablished, direction == .fromClient, let first = times.firstInitial,
            times.serverInitial != nil || times.serverHandshake != nil
        else { return }
        isEstablished = true
        times.firstClientData = time
        now.tell(.established(handshake: max(0, time - first)))
        now.signal(.established)
    }

    private mutating func readSpin(_ bit: Bool, direction: Direction, at time: Timestamp) {
        var handshake: Nanoseconds?
        if serverTrip.hasSample, serverTrip.source != .quicSpin { handshake = serverTrip.minimum }
        if clientTrip.hasSample, clientTrip.source != .quicSpin {
            handshake = saturatingAdd(handshake ?? 0, clientTrip.minimum)
        }
        let reading = spin.observe(bit, from: direction, at: time, handshake: handshake)
        if let loop = reading.loop { loopTrip.record(loop, source: .quicSpin, at: time) }
        guard let component = reading.component else { return }
        spinStates[direction] = QUICSpinState(value: component, time: time)
        if direction == .fromServer {
            serverTrip.record(component, source: .quicSpin, at: time)
        } else {
            clientTrip.record(component, source: .quicSpin, at: time)
        }
    }

    /// A packet that its key does not open may be a stateless reset: certain when it ends in a token that the peer gave
    /// out, possible when it is as small as resets are (RFC 9000 section 10.3) and nothing follows.
    mutating func suspectReset(_ packet: RawSpan, direction: Direction) {
        guard packet.byteCount >= 21 else { return }
        var reader = ByteReader(packet)
        reader.skip(packet.byteCount - 16)
        let token = QUICResetToken(high: reader.uint64(), low: reader.uint64())
        if endpoints[direction].resetTokens.contains(token) {
            hasKnownReset = true
        } else if packet.byteCount <= 43 {
            resetSuspect = direction
        }
    }
}
