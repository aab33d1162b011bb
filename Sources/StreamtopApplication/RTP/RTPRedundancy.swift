import StreamtopBase
import StreamtopWire

/// Finds RED with ULPFEC (RFC 5109 section 14.2) in clear payloads that no signalling explains: every payload then begins
/// with a block's payload type, of which there are two or three, and what stands behind one of them is a FEC header that
/// protects packets just sent.
struct RTPRedundancy: Sendable {
    private static let capacity = 4
    /// Own: a payload that is not FEC passes `protectsRecent` about once in a thousand.
    private static let enough = 3

    private struct Kind: Sendable {
        var type: UInt8
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var plausible: UInt64 = 0
    }

    private var kinds: [Kind] = []
    /// First bytes are too many to be block types: the payload is something else, or protected.
    private(set) var isOver = false

    /// The FEC packets so far; nil where there are none for certain.
    var fec: (packets: UInt64, bytes: UInt64)? {
        guard !isOver, kinds.count > 1,
            let found = kinds.first(where: { $0.plausible >= Self.enough && $0.plausible * 10 >= $0.packets * 9 })
        else { return nil }
        return (found.packets, found.bytes)
    }

    /// The FEC header of this packet, when it is one and FEC is sure by now.
    mutating func observe(_ payload: RawSpan, sequence: UInt16) -> ULPFECHeader? {
        guard !isOver else { return nil }
        var reader = ByteReader(payload)
        guard reader.remaining > 1 else { return nil }
        let type = reader.uint8()
        let index = kinds.firstIndex { $0.type == type }
        guard type & 0x80 == 0, index != nil || kinds.count < Self.capacity else {
            isOver = true
            kinds = []
            return nil
        }
        let position = index ?? kinds.count
        if index == nil { kinds.append(Kind(type: type)) }
        kinds[position].packets &+= 1
        kinds[position].bytes &+= UInt64(payload.byteCount)
        guard let header = try? ULPFECHeader(decoding: &reader), Self.protectsRecent(header, before: sequence) else {
            return nil
        }
        kinds[position].plausible &+= 1
        let isSure =
            kinds[position].plausible >= Self.enough && kinds[position].plausible * 10 >= kinds[position].packets * 9
        return isSure && kinds.count > 1 ? header : nil
    }

    /// All protected packets were sent shortly before this one.
    private static func protectsRecent(_ header: ULPFECHeader, before sequence: UInt16) -> Bool {
        let distance = sequence &- header.sequenceBase
        let reach = UInt16(48 - header.mask.trailingZeroBitCount)
        return (1...96).contains(distance) && reach <= distance && header.protectionLength > 0
    }
}
