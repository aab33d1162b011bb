// Unsafe only to lend an array of our own to read(2) for the length of the call; what it returned is checked before use.
import Glibc
import StreamtopCapture

/// Small files read and written as a whole.
enum FileText {
    /// What a configuration or theme may have at most.
    private static let sizeLimit = 1 << 20

    /// The first megabyte of a file, nil where it cannot be read. Does not wait for the writer of a pipe.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while bytes.count < sizeLimit {
            let count = unsafe Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    static func exists(_ path: String) -> Bool { FileIdentity(path: path) != nil }

    /// Replaces a file in one step, so that it is never there by half; what a link leads to is replaced, not the link.
    /// Returns what went wrong, in words.
    static func replace(_ path: String, with bytes: [UInt8]) -> String? {
        let target = resolved(path) ?? path
        let draft = target + ".new"
        do throws(CaptureError) {
            let file = try OutputFile(path: draft, existing: .rename)
            do throws(OutputFile.Fault) {
                try file.write(bytes)
                try file.finish()
            } catch {
                _ = unsafe unlink(draft)
                return error.text
            }
        } catch {
            return error.message
        }
        // The mode stays what it was; a new file is its owner's alone.
        var status = stat()
        if unsafe stat(target, &status) == 0 { _ = unsafe chmod(draft, status.st_mode & 0o7777) }
        return unsafe rename(draft, target) == 0 ? nil : SystemError.text(errno)
    }

    private static func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}

/// Paths as text.
enum PathText {
    /// The folder that the file or folder lies in: "/a/b" of "/a/b/c"; "." where the path has one part.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
