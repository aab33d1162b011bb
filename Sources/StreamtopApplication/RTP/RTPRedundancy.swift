import StreamtopBase
import StreamtopWire

/// Finds what a stream sends twice, in clear payloads that no signalling explains: FEC by parity (ULPFEC, RFC 5109) in packets of its own
/// payload type (section 14.1) or in blocks of RED (section 14.2), and earlier payloads beside the newest (RED, RFC 2198).
struct RTPRedundancy: Sendable {
    /// By the first byte of the payload, which names a block of RED; and by the packets' own type.
    private var blocks = ParityCensus()
    private var types = ParityCensus()
    private var earlier = EarlierBlocks()

    /// The FEC packets so far; nil where there are none for certain.
    var parity: (packets: UInt64, bytes: UInt64)? { types.found ?? blocks.found }

    /// Packets that carry earlier payloads, and the bytes of these.
    var repetition: (packets: UInt64, bytes: UInt64)? { earlier.found }

    /// Packets of this type are FEC and nothing else.
    func isParity(_ payloadType: UInt8) -> Bool { types.foundType == payloadType }

    /// What a packet repairs, as far as that is sure by now.
    enum Repair {
        case packets(ULPFECHeader)
        /// Payloads of these times, each told once.
        case timestamps([UInt32])
    }

    mutating func observe(_ payload: RawSpan, _ header: RTPHeader) -> Repair? {
        var reader = ByteReader(payload)
        if let fec = types.observe(header.payloadType, &reader, sequence: header.sequence) { return .packets(fec) }
        reader = ByteReader(payload)
        guard reader.remaining > 1 else { return nil }
        let type = reader.uint8()
        if type & 0x80 == 0 {
            if let fec = blocks.observe(type, &reader, sequence: header.sequence) { return .packets(fec) }
        } else {
            blocks.giveUp()
        }
        return earlier.observe(payload, header).map { .timestamps($0) }
    }
}

/// Kinds of packets by a number, of which one may be FEC: what begins its packets is a header that protects packets just sent.
private struct ParityCensus: Sendable {
    private static let capacity = 4
    /// Own: a payload that is not FEC passes `protectsRecent` about once in a thousand.
    private static let enough = 3

    private struct Kind: Sendable {
        var type: UInt8
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var plausible: UInt64 = 0

        var isSure: Bool { plausible >= ParityCensus.enough && plausible * 10 >= packets * 9 }
    }

    private var kinds: [Kind] = []
    /// Numbers are too many to be types: the payload is something else, or protected.
    private var isOver = false

    private var sure: Kind? { isOver || kinds.count < 2 ? nil : kinds.first { $0.isSure } }
    var found: (packets: UInt64, bytes: UInt64)? { sure.map { ($0.packets, $0.bytes) } }
    var foundType: UInt8? { sure?.type }

    mutating func giveUp() {
        isOver = true
        kinds = []
    }

    /// The FEC header that `reader` stands at, when it is one and FEC is sure by now.
    mutating func observe(_ type: UInt8, _ reader: inout ByteReader, sequence: UInt16) -> ULPFECHeader? {
        guard !isOver else { return nil }
        let index = kinds.firstIndex { $0.type == type }
        guard index != nil || kinds.count < Self.capacity else {
            giveUp()
            return nil
        }
        let position = index ?? kinds.count
        if index == nil { kinds.append(Kind(type: type)) }
        kinds[position].packets &+= 1
        kinds[position].bytes &+= UInt64(reader.consumed + reader.remaining)
        guard let header = try? ULPFECHeader(decoding: &reader), Self.protectsRecent(header, before: sequence) else {
            return nil
        }
        kinds[position].plausible &+= 1
        return kinds[position].isSure && kinds.count > 1 ? header : nil
    }

    /// All protected packets were sent shortly before this one.
    private static func protectsRecent(_ header: ULPFECHeader, before sequence: UInt16) -> Bool {
        let distance = sequence &- header.sequenceBase
        let reach = UInt16(48 - header.mask.trailingZeroBitCount)
        return (1...96).contains(distance) && reach <= distance && header.protectionLength > 0
    }
}

/// Earlier payloads beside the newest (RFC 2198 section 3): headers of four bytes, the newest's of one, then the payloads.
private struct EarlierBlocks: Sendable {
    /// Own: a payload of another form passes once in hundreds.
    private static let enough: UInt64 = 8
    private static let mostBlocks = 8

    private var whole: UInt64 = 0
    private var others: UInt64 = 0
    private var bytes: UInt64 = 0
    /// Times of payloads that came earlier; one may come in several packets.
    private var told = BoundedHistory<UInt32>(capacity: 32)
    private var last: (sequence: UInt16, timestamp: UInt32)?

    private var isSure: Bool { whole >= Self.enough && whole >= others * 4 }
    var found: (packets: UInt64, bytes: UInt64)? { isSure ? (whole, bytes) : nil }

    /// When the earlier payloads of a packet were sent, those left out that came before.
    mutating func observe(_ payload: RawSpan, _ header: RTPHeader) -> [UInt32]? {
        guard others < 256 || isSure else { return nil }
        let timestamp = header.timestamp
        defer { last = (header.sequence, timestamp) }
        var reader = ByteReader(payload)
        guard let first = reader.peekUInt8(), first & 0x80 != 0 else {
            others &+= 1
            return nil
        }
        var offsets = InlineArray<8, UInt32>(repeating: 0)
        var count = 0
        var length = 0
        // The oldest comes first, and each was sent as many packets ago.
        var isOrdered = true
        while let first = reader.peekUInt8(), first & 0x80 != 0, count < Self.mostBlocks,
            let word = reader.peekUInt32()
        {
            // F(1) block type(7) timestamp offset(14) block length(10)
            offsets[count] = word >> 10 & 0x3fff
            if count > 0, offsets[count - 1] <= offsets[count] { isOrdered = false }
            count += 1
            length += Int(word & 0x3ff)
            reader.skip(4)
        }
        let nearest = count > 0 ? offsets[count - 1] : 0
        if let last, header.sequence == last.sequence &+ 1, count > 0 {
            let step = timestamp &- last.timestamp
            isOrdered = isOrdered && step > 0 && nearest % step == 0
        }
        guard isOrdered, nearest != 0, length > 0, let last = reader.peekUInt8(), last & 0x80 == 0,
            reader.remaining - 1 > length
        else {
            others &+= 1
            return nil
        }
        whole &+= 1
        bytes &+= UInt64(length)
        guard isSure else { return nil }
        let fresh = (0..<count).map { timestamp &- offsets[$0] }.filter { time in
            !(0..<told.count).contains { told[age: $0] == time }
        }
        for time in fresh { told.append(time) }
        return fresh
    }
}
