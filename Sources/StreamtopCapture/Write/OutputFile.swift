// Unsafe by nature: this file hands buffers to write(2) and paths to open(2). The proof: every call passes a base address
// and a count that lie inside a buffer which its caller keeps alive for the call.
import Glibc

/// A file, pipe or device that the program writes to. It never truncates a file that the run reads, replaces a file only
/// when that was asked for, and waits for a slow reader only as long as the program is not asked to end.
package final class OutputFile {
    /// What to do with a file that is there already. Pipes and devices hold nothing that could be lost and are opened in
    /// any case, except for `refuseAll`.
    package enum Existing: Sendable {
        case refuse
        case refuseAll
        /// Empties the file, through links.
        case replace
        /// Takes the name away from what bears it, which may be a link, and begins a new file.
        case rename
    }

    /// Why bytes could not be written.
    package enum Fault: Error, Equatable, Sendable {
        /// Whoever read the pipe has gone.
        case closedPipe
        /// The program was asked to end and the reader took nothing for a while.
        case stuck
        case system(Int32)

        package var text: String {
            switch self {
            case .closedPipe: errorText(EPIPE)
            case .stuck: "its reader takes nothing"
            case .system(let number): errorText(number)
            }
        }
    }

    package let path: String
    private var descriptor: Int32
    private let isOwned: Bool
    private let kind: FileIdentity.Kind
    /// The descriptor's file description is ours alone and does not block.
    private let isNonBlocking: Bool
    /// The program was asked to end.
    private let isStopping: @Sendable () -> Bool
    /// Bytes written so far.
    package private(set) var position: UInt64 = 0

    /// A reader that takes nothing for this long, milliseconds, is given up once the program was asked to end.
    private static let patience: Int32 = 1_500
    private static let wait: Int32 = 50

    /// Creates the file at `path` with mode 0600, or does with what is there as `existing` says.
    ///
    /// - Parameter protected: asked for once the file is open, so that one that did not exist before is found too.
    package init(
        path: String, existing: Existing = .refuse, protected: () -> [ProtectedFile] = { [] },
        isStopping: @escaping @Sendable () -> Bool = { false }
    ) throws(CaptureError) {
        self.path = path
        self.isStopping = isStopping
        isOwned = true
        isNonBlocking = true
        let created = Self.open(path, O_CREAT | O_EXCL)
        let exists = created < 0 && errno == EEXIST
        let protected = created >= 0 || exists ? protected() : []
        descriptor = created
        if exists {
            descriptor = try Self.openExisting(path, existing, protected: protected)
        }
        guard descriptor >= 0 else {
            let text = errno == ENXIO ? "nobody reads this pipe; start its reader first" : errorText(errno)
            kind = .device
            throw CaptureError(.writing, "cannot write \(path): \(text)")
        }
        guard let identity = FileIdentity(descriptor: descriptor) else {
            kind = .device
            throw CaptureError(.writing, "cannot write \(path): \(errorText(errno))")
        }
        kind = identity.kind
        if let role = protected.first(where: { $0.identity == identity })?.role {
            if created >= 0 { _ = unsafe path.withCString { unsafe unlink($0) } }
            throw Self.overwrites(path, role)
        }
        guard created < 0, kind == .regular else { return }
        guard ftruncate(descriptor, 0) == 0 else {
            throw CaptureError(.writing, "cannot write \(path): \(errorText(errno))")
        }
        // Refused for a file of somebody else's, who then decides who may read it.
        _ = fchmod(descriptor, 0o600)
    }

    /// Standard output or standard error. The descriptor stays open with the process.
    package init(standard descriptor: Int32, isStopping: @escaping @Sendable () -> Bool = { false }) {
        path = "-"
        self.isStopping = isStopping
        kind = FileIdentity(descriptor: descriptor)?.kind ?? .device
        // The description of a standard pipe is shared with whoever started us and must stay blocking for them; one of our
        // own, through /proc, need not. Where that is not allowed, small pieces are written when there is room for them.
        let own = kind == .pipe ? Self.open("/proc/self/fd/\(descriptor)", 0) : -1
        self.descriptor = own >= 0 ? own : descriptor
        isOwned = own >= 0
        isNonBlocking = own >= 0
    }

    deinit { close() }

    package var isRegular: Bool { kind == .regular }

    /// Writes all bytes, or throws; `position` tells how many were written then.
    package func write(_ bytes: RawSpan) throws(Fault) {
        var done = 0
        var waited: Int32 = 0
        // Ends: every round writes a byte at least, waits, or throws.
        while done < bytes.byteCount {
            if kind != .regular, !isReady() {
                waited += Self.wait
                if isStopping(), waited >= Self.patience { throw .stuck }
                continue
            }
            // A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)).
            let left = bytes.byteCount - done
            let limit = kind == .regular || isNonBlocking ? left : min(left, 4_096)
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, limit)
            }
            if count > 0 {
                done += count
                position &+= UInt64(count)  // a file has fewer than 2^63 bytes
                waited = 0
            } else if count == 0 || errno == EAGAIN {
                _ = poll(nil, 0, Self.wait)
                waited += Self.wait
                if isStopping(), waited >= Self.patience { throw .stuck }
            } else if errno != EINTR {
                throw errno == EPIPE ? .closedPipe : .system(errno)
            }
        }
    }

    package func write(_ bytes: [UInt8]) throws(Fault) {
        try write(unsafe bytes.span.bytes)  // UInt8 has no padding
    }

    /// Cuts a regular file after `count` bytes, so that a fault leaves no half of something at its end.
    package func cut(to count: UInt64) {
        guard kind == .regular, count < position, descriptor >= 0 else { return }
        _ = ftruncate(descriptor, off_t(clamping: count))
    }

    /// Closes the file; the system may tell only now that it could not keep the bytes.
    package func finish() throws(Fault) {
        if close() != 0 { throw .system(errno) }
    }

    @discardableResult
    private func close() -> Int32 {
        defer { descriptor = -1 }
        return isOwned && descriptor >= 0 ? Glibc.close(descriptor) : 0
    }

    private func isReady() -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, Self.wait) > 0
    }

    private static func open(_ path: String, _ flags: Int32) -> Int32 {
        unsafe path.withCString { unsafe Glibc.open($0, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags, 0o600) }
    }

    /// -1 with errno where the system refuses.
    private static func openExisting(
        _ path: String, _ existing: Existing, protected: [ProtectedFile]
    ) throws(CaptureError) -> Int32 {
        let identity = FileIdentity(path: path)
        if let role = protected.first(where: { $0.identity == identity })?.role { throw overwrites(path, role) }
        let isKept = identity.map { $0.kind == .regular || $0.kind == .folder } ?? true
        switch existing {
        case .refuse where isKept, .refuseAll:
            throw CaptureError(.overwriting, "\(path) exists already", hint: "--force replaces it.")
        case .rename where isKept:
            guard unsafe path.withCString({ unsafe unlink($0) }) == 0 else { return -1 }
            return open(path, O_CREAT | O_EXCL)
        case .refuse, .replace, .rename:
            // O_CREAT for a link that leads nowhere yet.
            return open(path, O_CREAT)
        }
    }

    private static func overwrites(_ path: String, _ role: String) -> CaptureError {
        CaptureError(.overwriting, "writing to \(path) would overwrite \(role)")
    }
}
