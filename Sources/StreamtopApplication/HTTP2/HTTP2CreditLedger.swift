import StreamtopBase

/// The credit of one sender of DATA, as the sender sees it (RFC 9113 section 5.2): what the other end granted and was not
/// used yet, of the connection and of each stream.
///
/// A grant that passes the capture point reaches the sender later, and the DATA that it releases passes a whole round trip
/// after it. So a grant counts here from one round trip between the capture point and the sender later on: then all times
/// are those of the sender, shifted by the same span.
struct HTTP2CreditLedger: Sendable {
    static let initialCredit: Int64 = 65_535
    /// Streams whose credit is followed; of more, those beyond are not.
    static let streamCapacity = 256
    /// Grants on their way.
    static let pendingCapacity = 256

    private struct Grant: Sendable {
        var due: Timestamp
        /// 0 is the connection.
        var stream: UInt32
        var bytes: Int64
    }

    private struct Stream: Sendable {
        var credit: Int64
        /// The sender has begun to send and is not done.
        var isSending = false
        /// It waited for its own credit.
        var hasWaited = false
    }

    private enum Level: Sendable { case connection, stream }

    private(set) var connection = Self.initialCredit
    private(set) var connectionMinimum = Self.initialCredit
    private(set) var connectionMaximum = Self.initialCredit
    /// The credit that a new stream begins with.
    private(set) var initial = Self.initialCredit
    /// Smallest and largest credit of any stream; nil before there was one.
    private(set) var streamMinimum: Int64?
    private(set) var streamMaximum: Int64?
    private(set) var blockedByConnection: Nanoseconds = 0
    private(set) var blockedByStream: Nanoseconds = 0
    private(set) var streamsBlocked = 0
    private(set) var dataBytes: UInt64 = 0
    private var streams: [UInt32: Stream] = [:]
    private var pending: [Grant] = []
    private var blocked: (level: Level, since: Timestamp)?

    init() {}

    /// A stream exists on which the sender may send.
    mutating func open(_ stream: UInt32) {
        guard streams[stream] == nil, streams.count < Self.streamCapacity else { return }
        streams[stream] = Stream(credit: initial)
        note(initial)
    }

    /// The sender's message on the stream began.
    mutating func begin(_ stream: UInt32, at time: Timestamp) {
        settle(at: time)
        streams[stream]?.isSending = true
        judge(at: time)
    }

    /// The sender is done with the stream, or the stream was given up.
    mutating func close(_ stream: UInt32, at time: Timestamp) {
        settle(at: time)
        streams[stream] = nil
        judge(at: time)
    }

    /// DATA of `bytes`, padding included; also on streams that are closed already.
    mutating func spend(_ bytes: Int, on stream: UInt32, endsStream: Bool, at time: Timestamp) {
        settle(at: time)
        dataBytes &+= UInt64(bytes)
        connection -= Int64(bytes)
        streams[stream]?.credit -= Int64(bytes)
        // What was sent had been allowed: grants that should be on their way still have arrived.
        while connection < 0 || (streams[stream]?.credit ?? 0) < 0, let grant = takeEarliest(for: stream) {
            apply(grant)
        }
        connectionMinimum = min(connectionMinimum, connection)
        if let credit = streams[stream]?.credit { note(credit) }
        if endsStream { streams[stream] = nil }
        judge(at: time)
    }

    /// WINDOW_UPDATE (RFC 9113 section 6.9) passed; it reaches the sender and shows after `roundTrip`.
    mutating func grant(_ bytes: UInt32, on stream: UInt32, at time: Timestamp, roundTrip: Nanoseconds?) {
        settle(at: time)
        let grant = Grant(due: time + max(0, roundTrip ?? 0), stream: stream, bytes: Int64(bytes))
        if pending.count >= Self.pendingCapacity { apply(pending.removeFirst()) }
        if roundTrip == nil { apply(grant) } else { pending.append(grant) }
        judge(at: time)
    }

    /// SETTINGS_INITIAL_WINDOW_SIZE is in force: it changes all streams and not the connection (section 6.9.2).
    mutating func setInitial(_ bytes: UInt32, at time: Timestamp) {
        settle(at: time)
        let change = Int64(bytes) - initial
        initial = Int64(bytes)
        for stream in Array(streams.keys) {
            streams[stream]?.credit += change
            if let credit = streams[stream]?.credit { note(credit) }
        }
        judge(at: time)
    }

    /// All that was granted, whether the sender has it or not.
    func connectionCredit(at time: Timestamp) -> Int64 {
        var ledger = self
        ledger.settle(at: time)
        return ledger.connection
    }

    /// Time that was spent blocked until now.
    func blockedTimes(at time: Timestamp) -> (connection: Nanoseconds, stream: Nanoseconds) {
        var ledger = self
        ledger.settle(at: time)
        ledger.judge(at: time)
        return (ledger.blockedByConnection, ledger.blockedByStream)
    }

    private mutating func note(_ credit: Int64) {
        streamMinimum = min(streamMinimum ?? credit, credit)
        streamMaximum = max(streamMaximum ?? credit, credit)
    }

    /// Applies the grants that have arrived.
    private mutating func settle(at time: Timestamp) {
        while let first = pending.first, first.due <= time {  // each pass takes one away
            pending.removeFirst()
            apply(first)
            judge(at: first.due)
        }
    }

    /// The first grant under way that helps `stream` or the connection.
    private mutating func takeEarliest(for stream: UInt32) -> Grant? {
        pending.firstIndex { $0.stream == 0 || $0.stream == stream }.map { pending.remove(at: $0) }
    }

    private mutating func apply(_ grant: Grant) {
        if grant.stream == 0 {
            connection += grant.bytes
            connectionMaximum = max(connectionMaximum, connection)
        } else if streams[grant.stream] != nil {
            streams[grant.stream]?.credit += grant.bytes
            if let credit = streams[grant.stream]?.credit { note(credit) }
        }
    }

    /// Time runs for the level that holds the sender back: the connection, or the streams where none has credit.
    private mutating func judge(at time: Timestamp) {
        let level = level()
        if let blocked {
            let span = max(0, time - blocked.since)
            if blocked.level == .connection { blockedByConnection += span } else { blockedByStream += span }
        }
        blocked = level.map { ($0, time) }
    }

    private mutating func level() -> Level? {
        var isSending = false
        var allWait = true
        for (number, stream) in streams where stream.isSending {
            isSending = true
            if stream.credit > 0 {
                allWait = false
            } else if !stream.hasWaited {
                streams[number]?.hasWaited = true
                streamsBlocked += 1
            }
        }
        guard isSending else { return nil }
        return connection <= 0 ? .connection : allWait ? .stream : nil
    }
}
