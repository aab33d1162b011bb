import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// The 1-RTT keys of one direction and their updates (RFC 9001 section 6).
///
/// The key-phase bit under header protection says which of two generations seals a packet. A turned bit is either a
/// late packet of the generation before, or the first of the next: the number decides which key is tried first, and a
/// matching tag is the only proof that is accepted.
struct QUICOneRTTKeys: ~Copyable {
    private let schedule: QUICKeySchedule
    private var header: HeaderProtectionKey
    private var current: AEADKey
    private var previous: AEADKey?
    private var next: AEADKey?
    /// Secret of the generation after the current one.
    private var nextSecret: [UInt8]
    private var phase = false
    /// Lowest packet number opened in the current generation.
    private var firstOfPhase: UInt64 = 0
    /// Updates seen.
    private(set) var updates = 0

    init?(_ schedule: QUICKeySchedule, secret: [UInt8]) {
        guard let header = schedule.headerKey(secret), let current = schedule.aeadKey(secret) else { return nil }
        self.schedule = schedule
        self.header = header
        self.current = current
        previous = nil
        next = nil
        nextSecret = schedule.nextSecret(secret)
    }

    mutating func open(
        _ packet: RawSpan, numberOffset: Int, largest: UInt64?, buffers: inout QUICOpeningBuffers
    ) -> QUICOpenedPacket? {
        guard
            let unmasked = QUICUnmaskedHeader(
                packet, numberOffset: numberOffset, largest: largest, key: &header, additional: &buffers.additional)
        else { return nil }
        let body = packet.extracting(unmasked.headerLength..<packet.byteCount)
        let number = unmasked.number
        let packetPhase = unmasked.firstByte & 4 != 0
        var opened = QUICOpenedPacket(
            number: number, keyPhase: packetPhase, headerLength: unmasked.headerLength, generation: updates)
        if packetPhase == phase {
            guard buffers.open(&current, unmasked, body: body) else { return nil }
            firstOfPhase = min(firstOfPhase, number)
            return opened
        }
        if number < firstOfPhase, var old = previous.take() {
            let fits = buffers.open(&old, unmasked, body: body)
            previous = consume old
            if fits { return opened }
        }
        guard var fresh = next.take() ?? schedule.aeadKey(nextSecret) else { return nil }
        guard buffers.open(&fresh, unmasked, body: body) else {
            next = consume fresh
            return nil
        }
        swap(&current, &fresh)
        previous = consume fresh
        nextSecret = schedule.nextSecret(nextSecret)
        phase = packetPhase
        firstOfPhase = number
        updates += 1
        opened.generation = updates
        return opened
    }
}
