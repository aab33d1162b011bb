import Foundation
import StreamtopExport

/// Where bytes go: standard output through one big buffer. A closed pipe is an end, not an error.
struct OutputBuffer: ~Copyable {
    /// Filled by the caller; written out by `flush`, or by `drain` when it has grown large.
    var bytes = RecordBuffer(capacity: OutputBuffer.drainSize + 65_536)
    /// The reader has gone; nothing more needs to be made.
    private(set) var isClosed = false
    private let descriptor: Int32

    private static let drainSize = 1 << 18

    init(descriptor: Int32 = 1) {
        self.descriptor = descriptor
    }

    /// Writes when enough has gathered.
    mutating func drain() throws(ProgramFailure) {
        if bytes.count >= OutputBuffer.drainSize { try flush() }
    }

    /// Writes everything.
    mutating func flush() throws(ProgramFailure) {
        defer { bytes.removeAll() }
        guard !isClosed else { return }
        var done = 0
        while done < bytes.count {
            // The pointer lives for the call; `done` stays below `count`.
            let written = unsafe bytes.bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
            }
            if written >= 0 {
                done += written
            } else if errno == EPIPE {
                isClosed = true
                return
            } else if errno == EAGAIN {
                // Someone made the terminal or pipe non-blocking: wait until it takes more.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&ready, 1, 1_000)
            } else if errno != EINTR {
                throw ProgramFailure(.failure, "writing the output failed: \(SystemError.text(errno))")
            }
        }
    }

    mutating func append(_ text: String) { bytes.append(text) }
}

enum SystemError {
    /// The system's words for an error number.
    static func text(_ number: Int32) -> String {
        unsafe String(cString: strerror(number))
    }
}
