import StreamtopBase
import StreamtopModel
import StreamtopWire

/// How the groups of Media over QUIC follow each other, by the beginnings of their streams (draft-ietf-moq-transport, Data Streams). A
/// stream of objects begins with its type, the track's alias and the group; what follows changes from draft to draft and is not read.
struct MoQGroupMeter: Sendable {
    /// Streams of which the beginning is coming.
    static let headCapacity = 64
    static let trackCapacity = 64
    static let keptIntervals = 256

    static let limits = [
        Limit("MoQ streams that begin", headCapacity, per: .flow, policy: "the oldest is not read"),
        Limit("MoQ tracks", trackCapacity, per: .flow, policy: "more are not told apart"),
    ]

    private struct Head: Sendable {
        var stream: UInt64
        var integer = QUICIntegerAssembler()
        var values: [UInt64] = []
    }

    private struct Track: Sendable {
        var alias: UInt64
        var sender: Direction
        var group: UInt64
        var time: Timestamp
    }

    private var heads: [Head] = []
    private var tracks: [Track] = []
    private var intervals = BoundedHistory<Nanoseconds>(capacity: MoQGroupMeter.keptIntervals)
    private var longest: Nanoseconds = 0
    private var count = 0
    private(set) var groups = 0
    private(set) var streams = BothDirections(client: 0, server: 0)
    private(set) var draft: Int?
    /// The first bytes that the server sent about the session, in which it says the version.
    private var setup: [UInt8] = []

    /// `draft`: where it is known before anything of a stream was read.
    init(draft: Int? = nil) { self.draft = draft }

    /// A unidirectional stream begins.
    mutating func open(_ stream: UInt64) {
        if heads.count >= Self.headCapacity { heads.removeFirst() }
        heads.append(Head(stream: stream))
    }

    /// The next bytes of a stream that was opened.
    mutating func observe(_ bytes: RawSpan, _ stream: UInt64, _ direction: Direction, at time: Timestamp) {
        guard let index = heads.firstIndex(where: { $0.stream == stream }) else { return }
        var reader = ByteReader(bytes)
        while heads[index].values.count < 3, let value = heads[index].integer.next(&reader) {  // at most three passes
            heads[index].values.append(value.number)
            guard heads[index].values.count > 1 || Self.isSubgroup(value.number) else { break }
        }
        let values = heads[index].values
        guard Self.isSubgroup(values.first ?? 0x10) else {
            heads.remove(at: index)
            return
        }
        guard values.count == 3 else { return }
        heads.remove(at: index)
        streams[direction] += 1
        note(alias: values[1], group: values[2], direction, at: time)
    }

    mutating func close(_ stream: UInt64) { heads.removeAll { $0.stream == stream } }

    /// Types of streams that carry a subgroup: 4 up to draft 10, 8 to 13 in draft 11, 16 to 31 and 48 to 63 since.
    private static func isSubgroup(_ type: UInt64) -> Bool {
        switch type {
        case 0x04, 0x08...0x0d, 0x10...0x1f, 0x30...0x3f: true
        default: false
        }
    }

    private mutating func note(alias: UInt64, group: UInt64, _ sender: Direction, at time: Timestamp) {
        guard let index = tracks.firstIndex(where: { $0.alias == alias && $0.sender == sender }) else {
            guard tracks.count < Self.trackCapacity else { return }
            groups += 1
            return tracks.append(Track(alias: alias, sender: sender, group: group, time: time))
        }
        // More of the same group, or an old one that comes late.
        guard group > tracks[index].group else { return }
        groups += 1
        let interval = time - tracks[index].time
        count += 1
        intervals.append(interval)
        longest = max(longest, interval)
        tracks[index].group = group
        tracks[index].time = time
    }

    /// Bytes of the stream on which the ends agree on a version: the server chooses one, 0xff000000 and the number of the draft.
    mutating func observeSetup(_ bytes: RawSpan, _ direction: Direction) {
        guard direction == .fromServer, draft == nil, setup.count < 64 else { return }
        var reader = ByteReader(bytes)
        reader.append(min(bytes.byteCount, 64 - setup.count), to: &setup)
        guard setup.count >= 8 else { return }
        for start in 0...(setup.count - 8) {
            // An integer of eight bytes (RFC 9000 section 16).
            guard setup[start] == 0xc0, setup[start + 4] == 0xff,
                [1, 2, 3, 5, 6].allSatisfy({ setup[start + $0] == 0 })
            else { continue }
            draft = Int(setup[start + 7])
            return
        }
    }

    func snapshot(name: String) -> MediaOverQUICSnapshot {
        var snapshot = MediaOverQUICSnapshot(name: name)
        snapshot.draft = draft ?? Self.draft(in: name)
        snapshot.streams = streams
        snapshot.tracks = tracks.count
        snapshot.groups = groups
        let sorted = intervals.elements.sorted()
        if let last = sorted.last {
            snapshot.groupInterval = DurationSpread(
                samples: count, p50: sorted[sorted.count / 2],
                p95: sorted[min(sorted.count - 1, sorted.count * 95 / 100)], maximum: max(last, longest))
        }
        return snapshot
    }

    /// `moqt-15`; `moq-00` names every draft up to 14.
    private static func draft(in name: String) -> Int? {
        guard name.hasPrefix("moqt-") else { return nil }
        return Int(name.dropFirst(5)).flatMap { (1...999).contains($0) ? $0 : nil }
    }

    /// A name by which the ends agree on Media over QUIC, in ALPN or in WebTransport.
    static func isName(_ name: String) -> Bool { name == "moqt" || name.hasPrefix("moq-") || name.hasPrefix("moqt-") }
}
