import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Media in the binary messages of one end of a WebSocket, taken as one stream: fragments of MP4, FLV, or a transport stream.
struct EmbeddedMedia: Sendable {
    private enum Form: Sendable {
        case unknown
        case boxes(MediaBoxScanner)
        case flv(FLVReader)
        case packets(TransportStreamReader)
        case none
    }

    /// Bytes by which a transport stream is told for certain: two packets and a byte.
    private static let recognisableLength = TransportStreamPacket.length + 1

    private var form = Form.unknown
    private var beginning: [UInt8] = []
    private var clock = MediaBacklogMeter()
    private var meter = FLVMeter()
    private var facts: [MediaFact] = []
    private var packetFacts: [TransportStreamReader.Fact] = []

    /// It is media, or may be.
    var isWanted: Bool { if case .none = form { false } else { true } }

    /// By the names of the contract; nil where it is none.
    var format: String? {
        switch form {
        case .boxes: "fmp4"
        case .flv: "flv"
        case .packets: "mpegts"
        case .unknown, .none: nil
        }
    }

    var mediaClock: MediaClockSnapshot? {
        if case .flv = form { return meter.mediaClock }
        return clock.snapshot
    }

    mutating func observe(_ bytes: RawSpan, at time: Timestamp) {
        guard case .unknown = form else { return read(bytes, at: time) }
        guard beginning.isEmpty else {
            append(bytes)
            return recognise(at: time)
        }
        guard let recognised = Self.form(of: bytes) else { return append(bytes) }
        form = recognised
        read(bytes, at: time)
    }

    private mutating func append(_ bytes: RawSpan) {
        var reader = ByteReader(bytes)
        reader.append(reader.remaining, to: &beginning)
    }

    private mutating func recognise(at time: Timestamp) {
        var held: [UInt8] = []
        swap(&held, &beginning)
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        guard let recognised = Self.form(of: unsafe held.span.bytes) else { return swap(&held, &beginning) }
        form = recognised
        read(unsafe held.span.bytes, at: time)
    }

    /// nil while bytes are too few.
    private static func form(of bytes: RawSpan) -> Form? {
        if MediaBoxScanner.canBegin(bytes) == true { return .boxes(MediaBoxScanner()) }
        if FLVReader.canBegin(bytes) == true { return .flv(FLVReader()) }
        guard ByteReader(bytes).peekUInt8() == TransportStreamPacket.syncByte else {
            return bytes.byteCount >= 9 ? Form.none : nil
        }
        guard bytes.byteCount >= recognisableLength else { return nil }
        return TransportStreamPacket.canBegin(bytes, packets: 2) ? .packets(TransportStreamReader()) : Form.none
    }

    private mutating func read(_ bytes: RawSpan, at time: Timestamp) {
        switch form {
        case .boxes(var scanner):
            form = .none  // the scanner has one owner while it changes
            scanner.feed(bytes, at: time, into: &facts)
            takeFragments(scanner.initialization)
            form = .boxes(scanner)
        case .flv(var reader):
            form = .none
            var input = ByteReader(bytes)
            while let tag = reader.next(&input) {
                meter.observe(
                    type: tag.type, timestamp: tag.timestamp, length: tag.length, head: tag.head, at: time)
            }
            form = .flv(reader)
        case .packets(var reader):
            form = .none
            reader.feed(bytes, at: time, into: &packetFacts)
            takeUnits(reader)
            form = .packets(reader)
        case .unknown, .none: break
        }
    }

    /// Of each fragment the first sample of its video, of whatever it has where there is none.
    private mutating func takeFragments(_ initialization: InitializationSegment?) {
        defer { facts.removeAll(keepingCapacity: true) }
        let video = initialization?.tracks.first { $0.isVideo }
        guard let track = video ?? initialization?.tracks.first else { return }
        for case .fragment(let fragment) in facts {
            guard let run = fragment.tracks.first(where: { $0.trackID == track.id }), let base = run.baseDecodeTime,
                let media = MediaTime(value: base, timescale: track.timescale).nanoseconds
            else { continue }
            clock.observe(media, at: fragment.lastByte)
        }
    }

    private mutating func takeUnits(_ reader: TransportStreamReader) {
        defer { packetFacts.removeAll(keepingCapacity: true) }
        let hasVideo = reader.streams.keys.contains { reader.isVideo($0) }
        for case .unit(let pid, let presentation, let decode, _, let time) in packetFacts
        where hasVideo ? reader.isVideo(pid) : reader.isAudio(pid) {
            guard let stamp = decode ?? presentation,
                let media = MediaTime(value: stamp, timescale: 90_000).nanoseconds
            else { continue }
            clock.observe(media, at: time)
        }
    }

    /// `count` bytes of a message will never come.
    mutating func lose(_ count: UInt64) {
        switch form {
        case .boxes(var scanner):
            scanner.gap(of: count, at: Timestamp(nanoseconds: 0), into: &facts)
            facts.removeAll(keepingCapacity: true)
            form = .boxes(scanner)
        case .flv(var reader):
            reader.gap(of: count)
            form = .flv(reader)
        case .packets(var reader):
            reader.gap()
            form = .packets(reader)
        case .unknown: form = .none
        case .none: break
        }
    }
}
