// Unsafe by nature: this file lends a local buffer to read calls. The proof: it is lent with its own count and outlives them;
// the descriptor is open from init to deinit.
import Glibc

/// A small file of the kernel's, held open: read again from its beginning at each look, whoever the process is by then.
@safe
final class KernelFile {
    private let descriptor: Int32
    private static let sizeLimit = 1 << 20

    init?(_ path: String) {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// nil when it cannot be read any more.
    func text() -> String? { bytes(limit: Self.sizeLimit).map { String(decoding: $0, as: UTF8.self) } }

    /// The same as bytes, up to about `most` of them.
    func bytes(limit: Int) -> [UInt8]? {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { return nil }
        return Self.bytes(descriptor, limit: limit)
    }

    /// Something of that name is there, whether it may be read or not.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The whole of a file, read once.
    static func text(at path: String) -> String? {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        return bytes(opened, limit: sizeLimit).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func bytes(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < limit {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                return nil
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The target of a symbolic link.
    static func link(at path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = unsafe readlink(path, &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Names in a folder, `most` at most; nil, with errno, where it may not be read.
    static func names(in path: String, limit: Int = 1 << 20) -> [String]? {
        guard let folder = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while names.count < limit, let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
