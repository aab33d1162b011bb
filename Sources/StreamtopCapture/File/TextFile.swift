// Unsafe only to lend an array of our own to read(2) for the length of the call; what it returned is checked before use.
import Glibc

/// A file or pipe of text that grows while it is read. Opening and reading never wait for its writer.
package struct TextFile: ~Copyable {
    private let descriptor: Int32
    private let identity: FileIdentity
    private var position: UInt64 = 0
    /// Kept for the next read: a log is asked for news with every batch of frames and seldom has any.
    private var buffer: [UInt8] = []
    private static let pieceSize = 1 << 16
    /// A writer holds the other end of the pipe, or may still come; false for files, and once the last writer has gone.
    package private(set) var hasWriter: Bool

    /// Folders and devices (but for the null device) are refused: they have no text, or no end.
    package init(path: String) throws(CaptureError) {
        let opened = unsafe path.withCString { unsafe open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) }
        guard opened >= 0, let identity = FileIdentity(descriptor: opened) else {
            let text = errorText(errno)
            if opened >= 0 { close(opened) }
            descriptor = -1
            throw CaptureError(.unreadable, text)
        }
        let fault: String? =
            switch identity.kind {
            case .folder: "it is a folder"
            case .device where identity != FileIdentity(path: "/dev/null"): "it is a device"
            case .device, .pipe, .regular: nil
            }
        if let fault {
            close(opened)
            descriptor = -1
            throw CaptureError(.unreadable, fault)
        }
        descriptor = opened
        self.identity = identity
        hasWriter = identity.kind == .pipe
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    package var isRegular: Bool { identity.kind == .regular }

    /// A piece of what is there to read now; empty when there is nothing.
    package mutating func read() -> [UInt8] {
        if isRegular, let size = size {
            if size == position { return [] }
            // A log that was emptied begins anew.
            if size < position {
                lseek(descriptor, 0, SEEK_SET)
                position = 0
            }
        }
        if buffer.isEmpty { buffer = Array(repeating: 0, count: Self.pieceSize) }
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        // 0 on a pipe: nobody writes to it, now.
        if identity.kind == .pipe { hasWriter = count > 0 || count < 0 && errno == EAGAIN }
        guard count > 0 else { return [] }
        position &+= UInt64(count)  // a file has fewer than 2^63 bytes
        return Array(buffer[..<count])
    }

    /// The name now leads to another file.
    package func isReplaced(at path: String) -> Bool {
        guard isRegular, let now = FileIdentity(path: path) else { return false }
        return now != identity
    }

    private var size: UInt64? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        return UInt64(max(0, status.st_size))
    }
}
