import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The WebTransport sessions of an HTTP/3 connection (draft-ietf-webtrans-http3): which streams and datagrams belong to which.
struct WebTransportSessions: Sendable {
    static let sessionCapacity = 16
    /// Streams whose session is remembered.
    static let streamCapacity = 1_024
    /// Longest reason of a close (section 6).
    static let reasonLimit = 1_024
    /// First integer of a stream that belongs to a session: in both directions, and in one.
    static let bidirectionalType: UInt64 = 0x41
    static let unidirectionalType: UInt64 = 0x54
    private static let closeCapsule: UInt64 = 0x2843

    static let limits = [
        Limit("WebTransport sessions", sessionCapacity, per: .flow, policy: "more are not followed"),
        Limit("WebTransport streams", streamCapacity, per: .flow, policy: "the oldest are not counted any more"),
    ]

    /// The capsules (RFC 9297 section 3) that one end sends on the session's own stream: types and lengths as frames have them.
    private struct Capsules: Sendable {
        var decoder = HTTP3FrameDecoder()
        var isClose = false
        var value: [UInt8] = []
    }

    private struct Session: Sendable {
        var snapshot: WebTransportSnapshot
        var capsules = BothDirections(client: Capsules(), server: Capsules())
        var media: MoQGroupMeter?
        var setup = MoQSetup()
    }

    private var sessions: [Session] = []
    /// Session by stream.
    private var streams = BoundedMap<UInt64, UInt64>(capacity: WebTransportSessions.streamCapacity)

    init() {}

    var isEmpty: Bool { sessions.isEmpty }
    var snapshots: [WebTransportSnapshot] { sessions.map(\.snapshot) }

    /// Of the first session that speaks it.
    var media: MediaOverQUICSnapshot? {
        sessions.lazy.compactMap { session in
            session.media.map { $0.snapshot(name: session.snapshot.subprotocol ?? "moqt") }
        }.first
    }

    private func position(_ session: UInt64) -> Int? { sessions.firstIndex { $0.snapshot.identifier == session } }

    func isSession(_ stream: UInt64) -> Bool { position(stream) != nil }

    // MARK: The session's own stream

    mutating func ask(_ stream: UInt64, url: String?, at time: Timestamp) {
        guard sessions.count < Self.sessionCapacity, position(stream) == nil else { return }
        sessions.append(
            Session(snapshot: WebTransportSnapshot(identifier: stream, url: URLSecrets.masked(url), start: time)))
    }

    mutating func answer(_ stream: UInt64, isAccepted: Bool, subprotocol: String?, at time: Timestamp) {
        guard let index = position(stream), sessions[index].snapshot.isAccepted == nil else { return }
        sessions[index].snapshot.isAccepted = isAccepted
        sessions[index].snapshot.setup = time - sessions[index].snapshot.start
        // A string of structured fields (RFC 8941).
        let name = subprotocol.map { $0.filter { $0 != "\"" } }
        sessions[index].snapshot.subprotocol = name
        if let name, MoQGroupMeter.isName(name) { sessions[index].media = MoQGroupMeter() }
    }

    /// Content of the session's own stream.
    mutating func takeCapsules(_ bytes: RawSpan, _ stream: UInt64, _ direction: Direction) {
        guard let index = position(stream) else { return }
        var reader = ByteReader(bytes)
        var capsules = sessions[index].capsules[direction]
        while let element = capsules.decoder.next(&reader) {  // each moves the reader or the decoder on
            switch element {
            case .frame(let type, let length, _):
                capsules.isClose = type.rawValue == Self.closeCapsule && length <= UInt64(4 + Self.reasonLimit)
                capsules.value = []
            case .payload(let count, let isLast):
                guard capsules.isClose else { continue }
                let end = reader.consumed
                var part = ByteReader(bytes.extracting((end - count)..<end))
                part.append(count, to: &capsules.value)  // the capsule's length bounds it
                if isLast { close(index, capsules.value) }
            }
        }
        sessions[index].capsules[direction] = capsules
    }

    private mutating func close(_ index: Int, _ value: [UInt8]) {
        var reader = ByteReader(unsafe value.span.bytes)  // UInt8 has no padding
        let code = reader.uint32()
        guard !reader.overrun, sessions[index].snapshot.closeCode == nil else { return }
        sessions[index].snapshot.closeCode = code
        if reader.remaining > 0 {
            sessions[index].snapshot.closeReason = String(decoding: reader.copy(reader.remaining), as: UTF8.self)
        }
    }

    /// The session's own stream is over.
    mutating func end(_ stream: UInt64, at time: Timestamp) {
        guard let index = position(stream), sessions[index].snapshot.end == nil else { return }
        sessions[index].snapshot.end = time
    }

    // MARK: Its streams

    /// A stream said which session it belongs to.
    mutating func join(_ stream: UInt64, to session: UInt64, by opener: Direction) {
        guard streams.insert(session, for: stream), let index = position(session) else { return }
        if stream & 2 == 0 {
            sessions[index].snapshot.ends[opener].bidirectional += 1
        } else {
            sessions[index].snapshot.ends[opener].unidirectional += 1
            sessions[index].media?.open(stream)
        }
    }

    /// The stream is of a session, or was.
    func isKnown(_ stream: UInt64) -> Bool { streams[stream] != nil }

    mutating func take(_ bytes: RawSpan, _ stream: UInt64, _ direction: Direction, at time: Timestamp) {
        guard let index = streams[stream].flatMap(position) else { return }
        sessions[index].snapshot.ends[direction].bytes &+= UInt64(bytes.byteCount)
        if stream & 2 == 0 {
            sessions[index].media?.observeSetup(bytes, direction)
            guard sessions[index].media == nil, sessions[index].snapshot.subprotocol == nil, stream & 1 == 0,
                let draft = sessions[index].setup.observe(bytes, stream, direction)
            else { return }
            sessions[index].media = MoQGroupMeter(draft: draft)
        } else {
            sessions[index].media?.observe(bytes, stream, direction, at: time)
        }
    }

    mutating func skip(_ count: UInt64, _ stream: UInt64, _ direction: Direction) {
        guard let index = streams[stream].flatMap(position) else { return }
        sessions[index].snapshot.ends[direction].bytes &+= count
        sessions[index].media?.close(stream)
    }

    mutating func reset(_ stream: UInt64, _ direction: Direction) {
        guard let index = streams[stream].flatMap(position) else { return }
        sessions[index].snapshot.ends[direction].resets += 1
    }

    /// A datagram of the connection (RFC 9297 section 2.1): a quarter of the number of the request's stream, and the content.
    mutating func takeDatagram(_ bytes: RawSpan, _ direction: Direction) {
        var reader = ByteReader(bytes)
        guard let quarter = try? reader.quicInteger(in: .http3), quarter < 1 << 60, let index = position(quarter << 2)
        else {
            return
        }
        sessions[index].snapshot.ends[direction].datagrams += 1
        sessions[index].snapshot.ends[direction].datagramBytes &+= UInt64(reader.remaining)
    }
}
