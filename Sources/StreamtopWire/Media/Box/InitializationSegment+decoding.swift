import StreamtopBase

extension InitializationSegment {
    /// Tracks kept of one `moov`.
    package static var trackCapacity: Int { 32 }

    /// Reads the content of a `moov` (ISO/IEC 14496-12 section 8.2.1).
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        var edits: [(track: Int, list: EditList)] = []
        var defaults: [(id: UInt32, SampleDefaults)] = []
        while var box = try reader.nextBox() {
            switch box.type {
            case .mvhd: timescale = try box.body.timescale()
            case .trak where tracks.count < Self.trackCapacity:
                var list = EditList()
                let track = try TrackDescription(decoding: &box.body, edits: &list)
                edits.append((tracks.count, list))
                tracks.append(track)
            case .mvex:
                while var inner = try box.body.nextBox() {
                    guard inner.type == .trex, defaults.count < Self.trackCapacity else { continue }
                    try inner.body.require(24, in: .isoBox)
                    inner.body.skip(4)
                    let id = inner.body.uint32()
                    inner.body.skip(4)
                    let values = SampleDefaults(
                        duration: inner.body.uint32(), size: inner.body.uint32(), flags: inner.body.uint32())
                    defaults.append((id, values))
                }
            default: break
            }
        }
        for (index, list) in edits {
            tracks[index].editShift = list.shift(of: tracks[index].timescale, movie: timescale)
        }
        for (id, values) in defaults {
            if let index = tracks.firstIndex(where: { $0.id == id }) { tracks[index].defaults = values }
        }
    }
}

/// `elst` (section 8.6.6) as far as live media uses it: how long nothing is presented, and where in the media it then begins.
struct EditList: Equatable, Sendable {
    /// Duration of the empty edits before the first other one, in the movie's timescale.
    var empty: UInt64 = 0
    /// media_time of that one, in the track's.
    var mediaTime: Int64 = 0

    /// What to take off media times to get presentation times, in the track's timescale.
    func shift(of track: UInt32, movie: UInt32) -> Int64 {
        guard movie > 0, empty > 0 else { return mediaTime }
        let (high, low) = empty.multipliedFullWidth(by: UInt64(track))
        guard high < UInt64(movie) else { return mediaTime }
        let delay = UInt64(movie).dividingFullWidth((high, low)).quotient
        return saturatingAdd(mediaTime, -Int64(clamping: delay))
    }

    init() {}

    @_lifetime(reader: copy reader)
    init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(8, in: .isoBox)
        let version = reader.uint32() >> 24
        let count = reader.uint32()
        let each = version == 0 ? 12 : 20
        for _ in 0..<min(Int(count), reader.remaining / each) {
            let duration = version == 0 ? UInt64(reader.uint32()) : reader.uint64()
            let time = version == 0 ? Int64(Int32(bitPattern: reader.uint32())) : Int64(bitPattern: reader.uint64())
            reader.skip(4)
            guard time == -1 else {
                mediaTime = time
                return
            }
            empty = empty.addingReportingOverflow(duration).overflow ? .max : empty + duration
        }
    }
}

extension TrackDescription {
    /// Reads the content of a `trak` (section 8.3.1).
    @_lifetime(reader: copy reader)
    init(decoding reader: inout ByteReader, edits: inout EditList) throws(DecodeError) {
        self.init()
        while var box = try reader.nextBox() {
            switch box.type {
            case .tkhd: try readHeader(&box.body)
            case .edts:
                while var inner = try box.body.nextBox() {
                    if inner.type == .elst { edits = try EditList(decoding: &inner.body) }
                }
            case .mdia: try readMedia(&box.body)
            default: break
            }
        }
    }

    /// `tkhd` (section 8.3.2).
    @_lifetime(body: copy body)
    private mutating func readHeader(_ body: inout ByteReader) throws(DecodeError) {
        try body.require(4, in: .isoBox)
        let times = body.uint32() >> 24 == 0 ? 8 : 16
        // Times, id, reserved, duration; reserved, layer, group, volume, reserved; matrix; width and height.
        try body.require(times + 8 + times / 2 + 16 + 36 + 8, in: .isoBox)
        body.skip(times)
        id = body.uint32()
        body.skip(4 + times / 2 + 16 + 36)
        width = body.uint32() >> 16
        height = body.uint32() >> 16
    }

    @_lifetime(body: copy body)
    private mutating func readMedia(_ body: inout ByteReader) throws(DecodeError) {
        while var box = try body.nextBox() {
            switch box.type {
            case .mdhd: timescale = try box.body.timescale()
            case .hdlr:
                try box.body.require(12, in: .isoBox)
                box.body.skip(8)
                handler = FourCharacterCode(box.body.uint32())
            case .minf:
                while var inner = try box.body.nextBox() {
                    guard inner.type == .stbl else { continue }
                    while var table = try inner.body.nextBox() {
                        if table.type == .stsd { try readSampleEntry(&table.body) }
                    }
                }
            default: break
            }
        }
    }

    /// The first entry of `stsd` (section 8.5.2); for `encv` and `enca` the codec is in `sinf` (section 8.12.1).
    @_lifetime(body: copy body)
    private mutating func readSampleEntry(_ body: inout ByteReader) throws(DecodeError) {
        try body.require(16, in: .isoBox)
        body.skip(8)
        let size = body.peekUInt32() ?? 0
        var entry = body.reader(of: Int(size))
        entry.skip(4)
        codec = FourCharacterCode(entry.uint32())
        // "encv", "enca"
        guard [0x656e_6376, 0x656e_6361].contains(codec.rawValue) else { return }
        isEncrypted = true
        // Fields before the boxes of a visual and of an audio entry.
        entry.skip(codec.rawValue == 0x656e_6376 ? 78 : 28)
        while var box = try entry.nextBox() {
            guard box.type == .sinf else { continue }
            while var inner = try box.body.nextBox() {
                guard inner.type == .frma, inner.body.remaining >= 4 else { continue }
                codec = FourCharacterCode(inner.body.uint32())
            }
        }
    }
}

extension ByteReader {
    /// The timescale of `mvhd` or `mdhd`: behind a version and two times (section 8.2.2, 8.4.2).
    @_lifetime(self: copy self)
    fileprivate mutating func timescale() throws(DecodeError) -> UInt32 {
        try require(4, in: .isoBox)
        let times = uint32() >> 24 == 0 ? 8 : 16
        try require(times + 4, in: .isoBox)
        skip(times)
        return uint32()
    }
}
