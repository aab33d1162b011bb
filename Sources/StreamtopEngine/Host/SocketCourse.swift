import StreamtopBase
import StreamtopModel

/// What the kernel said of one flow's socket over the last seconds: the newest answers, and how fast its buffers drain.
struct SocketCourse: Sendable {
    private struct Progress: Sendable {
        var time: Timestamp
        var acknowledged: UInt64?
        var read: UInt64?
    }

    private(set) var newest: KernelSocket
    /// The answers before, oldest first: a sample takes the one of its own moment.
    private var answers: [KernelSocket] = []
    private var progress: [Progress] = []
    /// The first answer: what was counted before belongs to nobody's watch.
    private let first: KernelSocket
    private(set) var process: ProcessSnapshot?
    /// Another socket with the same ends was found in a second namespace: neither is believed.
    private(set) var isAmbiguous = false

    private static let answerCapacity = 8
    private static let progressCapacity = 48
    private static let window: Nanoseconds = .seconds(1)
    private static let leastSpan: Nanoseconds = .milliseconds(250)

    init(_ socket: KernelSocket) {
        newest = socket
        first = socket
        append(socket)
    }

    /// The answer is of the same socket. One in the capture's own namespace counts more than one elsewhere.
    func accepts(_ socket: KernelSocket) -> Bool {
        socket.cookie == newest.cookie && socket.local == newest.local
    }

    mutating func append(_ socket: KernelSocket) {
        guard socket.time >= newest.time else { return }
        newest = socket
        answers.append(socket)
        if answers.count > Self.answerCapacity { answers.removeFirst() }
        progress.append(
            Progress(time: socket.time, acknowledged: socket.acknowledgedBytes, read: socket.readBytes))
        while progress.count > 2,
            progress.count > Self.progressCapacity || progress[1].time <= socket.time - Self.window
        {
            progress.removeFirst()
        }
    }

    mutating func noteOther() { isAmbiguous = true }

    /// The answer nearest to `time`, not after it where there is one.
    func answer(at time: Timestamp) -> KernelSocket {
        answers.last { $0.time <= time } ?? answers.first ?? newest
    }

    /// Bytes a second that the peer acknowledged over the last second; nil before a quarter of one.
    var acknowledgedPerSecond: Double? { rate { $0.acknowledged } }
    /// Bytes a second that the application read.
    var readPerSecond: Double? { rate { $0.read } }

    private func rate(_ count: (Progress) -> UInt64?) -> Double? {
        guard let start = progress.first, let end = progress.last, end.time - start.time >= Self.leastSpan,
            let before = count(start), let after = count(end)
        else { return nil }
        // What was read falls when bytes are taken back from the count: none were read.
        return Double(after >= before ? after - before : 0) / (end.time - start.time).seconds
    }

    /// Share of the busy time since it was first asked about in which the peer's window held the sender; nil below three
    /// seconds of busy time.
    var receiverLimitedShare: Double? {
        guard let busyBefore = first.busy, let busy = newest.busy, busy - busyBefore >= .seconds(3),
            let before = first.receiverLimited, let after = newest.receiverLimited
        else { return nil }
        return min(1, max(0, Double(after - before) / Double(busy - busyBefore)))
    }

    /// Time in which the send buffer held the sender, since it was first asked about.
    var sendBufferLimited: Nanoseconds? {
        guard let before = first.sendBufferLimited, let after = newest.sendBufferLimited else { return nil }
        return max(0, after - before)
    }
}
