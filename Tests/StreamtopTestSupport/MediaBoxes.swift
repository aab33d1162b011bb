/// ISO media as sources write it, made from its parts.
package enum MediaBoxes {
    package static func box(_ type: String, _ body: [UInt8]) -> [UInt8] {
        bytes(UInt32(body.count + 8)) + Array(type.utf8) + body
    }

    package static func bytes(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    package static func bytes(_ value: UInt64) -> [UInt8] {
        bytes(UInt32(value >> 32)) + bytes(UInt32(truncatingIfNeeded: value))
    }

    /// Words of 32 bits one after the other.
    package static func words(_ values: [UInt32]) -> [UInt8] {
        var all: [UInt8] = []
        for value in values { all += bytes(value) }
        return all
    }

    /// A video track of 16 pixels by 9 with a handler and a codec, an edit list that takes `edit` off, and `trex` defaults.
    package static func initialization(
        track: UInt32 = 1, timescale: UInt32 = 12_800, handler: String = "vide", codec: String = "avc1",
        edit: UInt32 = 1_024, emptyEdit: UInt32 = 0, defaultDuration: UInt32 = 512
    ) -> [UInt8] {
        let zero = [UInt8](repeating: 0, count: 100)
        let mvhd = box("mvhd", bytes(UInt32(0)) + zero.prefix(8) + bytes(UInt32(1_000)) + zero.prefix(84))
        let size: [UInt8] = bytes(UInt32(16 << 16)) + bytes(UInt32(9 << 16))
        let tkhd = box(
            "tkhd", bytes(UInt32(7)) + zero.prefix(8) + bytes(track) + zero.prefix(8 + 16 + 36) + size)
        let empty = emptyEdit > 0 ? bytes(emptyEdit) + bytes(UInt32.max) + bytes(UInt32(0x1_0000)) : []
        let list = bytes(UInt32(0)) + bytes(UInt32(emptyEdit > 0 ? 2 : 1)) + empty + bytes(UInt32(0)) + bytes(edit)
        let edts = box("edts", box("elst", list + bytes(UInt32(0x1_0000))))
        let mdhd = box("mdhd", bytes(UInt32(0)) + zero.prefix(8) + bytes(timescale) + zero.prefix(8))
        let hdlr = box("hdlr", zero.prefix(8) + Array(handler.utf8) + zero.prefix(13))
        let stsd = box("stsd", bytes(UInt32(0)) + bytes(UInt32(1)) + box(codec, Array(zero.prefix(78))))
        let mdia = box("mdia", mdhd + hdlr + box("minf", box("stbl", stsd)))
        let trex = box(
            "trex",
            bytes(UInt32(0)) + bytes(track) + bytes(UInt32(1)) + bytes(defaultDuration) + bytes(UInt32(0))
                + bytes(UInt32(0x1_0000)))
        return box("ftyp", Array("iso6".utf8) + zero.prefix(4))
            + box("moov", mvhd + box("trak", tkhd + edts + mdia) + box("mvex", trex))
    }

    package static func stamp(ntp: UInt64, mediaTime: UInt64, track: UInt32 = 1) -> [UInt8] {
        box("prft", bytes(UInt32(0x0100_0018)) + bytes(track) + bytes(ntp) + bytes(mediaTime))
    }

    /// A `moof` of one run with sizes and composition offsets for each sample, and its `mdat`.
    package static func fragment(
        sequence: UInt32 = 1, track: UInt32 = 1, decodeTime: UInt64, sizes: [UInt32], offsets: [Int32]? = nil,
        startsWithSync: Bool = true
    ) -> [UInt8] {
        let tfhd = box("tfhd", bytes(UInt32(0x02_0000)) + bytes(track))
        let tfdt = box("tfdt", bytes(UInt32(0x0100_0000)) + bytes(decodeTime))
        var run = bytes(UInt32(0x0100_0205 + (offsets == nil ? 0 : 0x800))) + bytes(UInt32(sizes.count))
        run += bytes(UInt32(0)) + bytes(UInt32(startsWithSync ? 0x0200_0000 : 0x0101_0000))
        for (index, size) in sizes.enumerated() {
            run += bytes(size)
            if let offsets { run += bytes(UInt32(bitPattern: offsets[index])) }
        }
        let moof = box(
            "moof", box("mfhd", bytes(UInt32(0)) + bytes(sequence)) + box("traf", tfhd + tfdt + box("trun", run)))
        return moof + box("mdat", [UInt8](repeating: 0xab, count: Int(sizes.reduce(0, +))))
    }
}
