/// RED (RFC 2198 section 3): one packet that carries its own payload and earlier ones, or FEC (RFC 5109 section 14).
///
///     F(1)=1 block PT(7) timestamp offset(14) block length(10)   for each redundant block
///     F(1)=0 block PT(7)                                         for the primary block, which goes to the end
package struct RedundantPayload: Equatable, Sendable {
    package struct Block: Equatable, Sendable, BitwiseCopyable {
        package var payloadType: UInt8
        /// Clock units before the packet's own timestamp; 0 for the primary block.
        package var timestampOffset: UInt16
        /// From the start of the RED payload.
        package var offset: Int
        package var length: Int
    }

    /// Blocks in a packet that we read; senders use two or three.
    package static var capacity: Int { 8 }

    /// In the order sent: redundant ones, then the primary.
    package private(set) var blocks: [Block] = []

    /// The block whose timestamp is the packet's own.
    package var primary: Block? { blocks.last }

    /// Reads all of a RED payload.
    ///
    /// - Throws: `.truncated` when a header is cut, `.malformed` when the blocks do not fit, `.unsupported` for more than
    ///   `capacity` blocks.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        let start = reader.consumed
        var redundant = 0
        while true {  // each turn takes a byte or more
            try reader.require(1, in: .rtp)
            let first = reader.peekUInt8() ?? 0
            guard first & 0x80 != 0 else {
                reader.skip(1)
                blocks.append(Block(payloadType: first, timestampOffset: 0, offset: 0, length: 0))
                break
            }
            try reader.require(4, in: .rtp)
            let word = reader.uint32()
            guard blocks.count < Self.capacity - 1 else { throw reader.unsupported(.rtp, UInt32(blocks.count)) }
            let length = Int(word & 0x3ff)
            redundant += length  // at most 7 x 1023
            blocks.append(
                Block(
                    payloadType: UInt8(truncatingIfNeeded: word >> 24) & 0x7f,
                    timestampOffset: UInt16(truncatingIfNeeded: word >> 10 & 0x3fff), offset: 0, length: length))
        }
        guard redundant <= reader.remaining else { throw reader.malformed(.rtp, .lengthBeyondEnclosure) }
        var offset = reader.consumed - start
        let end = offset + reader.remaining
        for index in blocks.indices {
            blocks[index].offset = offset
            if index == blocks.count - 1 { blocks[index].length = end - offset }
            offset += blocks[index].length
        }
    }
}
