import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// What became of a protected packet.
struct QUICOpenedPacket: Equatable, Sendable {
    var number: UInt64
    /// The key-phase bit; of short headers only.
    var keyPhase: Bool
    /// Bytes of the packet in front of its payload.
    var headerLength: Int
    /// Key updates before the key that opened it.
    var generation = 0
}

/// Header-protection removal and payload opening share this part: the packet number under its mask and the additional
/// data with the mask taken off (RFC 9001 section 5.4).
struct QUICUnmaskedHeader: Sendable {
    var number: UInt64
    var firstByte: UInt8
    var headerLength: Int

    /// Unmasks the header of `packet`, whose number starts at `offset`, and leaves the additional data in the first
    /// `headerLength` bytes of `additional`. nil when the packet is too short for a sample.
    init?(
        _ packet: RawSpan, numberOffset offset: Int, largest: UInt64?, key: inout HeaderProtectionKey,
        additional: inout [UInt8]
    ) {
        guard offset >= 1, packet.byteCount >= offset + 4 + HeaderProtectionKey.sampleLength else { return nil }
        let start = offset + 4
        guard
            let mask = key.mask(sample: packet.extracting(start..<(start + HeaderProtectionKey.sampleLength)))
        else { return nil }
        var reader = ByteReader(packet)
        let first = reader.uint8()
        firstByte = first ^ (mask.first & (first & 0x80 != 0 ? 0x0f : 0x1f))
        let length = Int(firstByte & 3) + 1
        headerLength = offset + length
        if additional.count < headerLength {
            additional.append(contentsOf: repeatElement(0, count: headerLength - additional.count))
        }
        additional[0] = firstByte
        for position in 1..<max(1, offset) { additional[position] = reader.uint8() }
        let plain = reader.uint32() ^ mask.number
        let truncated = plain >> UInt32(8 * (4 - length))
        number = QUICPacketNumber.decode(truncated: truncated, length: length, largest: largest)
        for index in 0..<length {
            additional[offset + index] = UInt8(truncatingIfNeeded: plain >> UInt32(24 - 8 * index))
        }
    }
}

/// Buffers for opening packets, reused from packet to packet; one for each engine. They grow to the longest packet and are
/// never cleared: the counts say what is valid.
struct QUICOpeningBuffers: Sendable {
    var additional: [UInt8] = []
    /// The last opened payload is its first `plainCount` bytes.
    var plain: [UInt8] = []
    private(set) var plainCount = 0

    /// Opens `body` under the header in `additional`; its payload is then in `plain`.
    mutating func open(_ key: inout AEADKey, _ header: QUICUnmaskedHeader, body: RawSpan) -> Bool {
        // Out of the struct and back, so that the compiler sees two places; nothing is copied.
        var output: [UInt8] = []
        swap(&output, &plain)
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let count = key.open(
            number: header.number, additionalData: unsafe additional.span.bytes.extracting(0..<header.headerLength),
            ciphertext: body, reusing: &output)
        swap(&output, &plain)
        guard let count else { return false }
        plainCount = count
        return true
    }
}

/// The keys of one direction at one level: Initial, 0-RTT, Handshake.
struct QUICPacketKeys: ~Copyable {
    private var header: HeaderProtectionKey
    private var payload: AEADKey

    init?(_ schedule: QUICKeySchedule, secret: [UInt8]) {
        guard let header = schedule.headerKey(secret), let payload = schedule.aeadKey(secret) else { return nil }
        self.header = header
        self.payload = payload
    }

    /// Opens a long-header packet into `buffers.plain`; nil when no tag matches.
    mutating func open(
        _ packet: RawSpan, numberOffset: Int, largest: UInt64?, buffers: inout QUICOpeningBuffers
    ) -> QUICOpenedPacket? {
        guard
            let unmasked = QUICUnmaskedHeader(
                packet, numberOffset: numberOffset, largest: largest, key: &header, additional: &buffers.additional)
        else { return nil }
        let body = packet.extracting(unmasked.headerLength..<packet.byteCount)
        guard buffers.open(&payload, unmasked, body: body) else { return nil }
        return QUICOpenedPacket(number: unmasked.number, keyPhase: false, headerLength: unmasked.headerLength)
    }
}
