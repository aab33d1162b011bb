// Unsafe by nature: this file hands buffers to read(2). The proof: every call passes the base address and the exact
// count of a buffer that its caller keeps alive for the call, and what it returned is checked before it is used.
import Glibc

/// A file descriptor that is read from front to back and closed with the value (standard input stays open).
struct FileBytes: ~Copyable {
    enum Outcome: Equatable {
        case bytes(Int)
        /// Nothing to read within the time waited.
        case idle
        case end
        /// The wrapping of the file (gzip, zstd) is damaged or cut, for this reason.
        case broken(String)
    }

    /// Where the name that the file was opened by leads now.
    enum NameState { case same, gone, replaced }

    private let descriptor: Int32
    private let isOwned: Bool
    /// Regular files never block; pipes, terminals and sockets are polled before they are read.
    let isRegular: Bool
    let name: String
    /// Bytes handed out so far.
    private(set) var position: UInt64 = 0

    /// Opens `path`, or standard input for `-`. Does not wait for the writer of a FIFO.
    init(path: String) throws(CaptureError) {
        name = path
        if path == "-" {
            descriptor = 0
            isOwned = false
        } else {
            descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
            isOwned = true
            guard descriptor >= 0 else {
                isRegular = false
                throw CaptureError(.unreadable, "cannot open \(path): \(errorText(errno))")
            }
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            isRegular = false
            throw CaptureError(.unreadable, "cannot read \(path): \(errorText(errno))")
        }
        let kind = status.st_mode & S_IFMT
        isRegular = kind == S_IFREG
        guard kind != S_IFDIR else { throw CaptureError(.unreadable, "cannot read \(path): it is a directory") }
    }

    deinit {
        if isOwned, descriptor >= 0 { close(descriptor) }
    }

    /// Reads up to `buffer.count` bytes, waiting at most `patience` milliseconds for the first.
    mutating func read(
        into buffer: UnsafeMutableRawBufferPointer, patience: Int32
    ) throws(CaptureError) -> Outcome {
        if !isRegular {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&wait, 1, patience)
            if ready == 0 { return .idle }
            if ready < 0, errno != EINTR { throw failure() }
            if ready < 0 { return .idle }
        }
        let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 {
            position &+= UInt64(count)  // a file has fewer than 2^63 bytes
            return .bytes(count)
        }
        if count == 0 { return .end }
        if errno == EAGAIN || errno == EINTR { return .idle }
        throw failure()
    }

    /// Size of a regular file now; nil for anything else.
    var size: UInt64? {
        var status = stat()
        guard isRegular, unsafe fstat(descriptor, &status) == 0 else { return nil }
        return UInt64(max(0, status.st_size))
    }

    func name(_ path: String) -> NameState {
        guard isOwned else { return .same }
        guard let now = FileIdentity(path: path) else { return .gone }
        return now == FileIdentity(descriptor: descriptor) ? .same : .replaced
    }

    private func failure() -> CaptureError {
        CaptureError(.unreadable, "cannot read \(name): \(errorText(errno))")
    }
}

/// The system's words for an error number.
func errorText(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: text)
}
