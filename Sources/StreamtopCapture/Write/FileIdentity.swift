// Unsafe only to lend a path to stat(2) and a local for it to fill, both for the length of the call.
import Glibc

/// What a file is, whatever name led to it: two paths, links or descriptors of one file have equal identities
/// (POSIX `st_dev` and `st_ino`).
package struct FileIdentity: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case regular, folder, pipe
        /// Character and block devices, sockets.
        case device
    }

    private let device: UInt64
    private let node: UInt64
    package let kind: Kind

    /// The file that `path` leads to, links followed; nil where there is none.
    package init?(path: String) {
        var status = stat()
        guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }

    /// The file behind an open descriptor; nil for a closed one.
    package init?(descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .folder
        case S_IFIFO: kind = .pipe
        default: kind = .device
        }
    }
}

/// A file that no output may replace, and what it is to the run.
package struct ProtectedFile: Sendable {
    package var identity: FileIdentity
    /// As in "would overwrite …": "the capture that is read".
    package var role: String

    /// nil for what cannot be overwritten: devices, and files that are not there.
    package init?(_ identity: FileIdentity?, role: String) {
        guard let identity, identity.kind == .regular || identity.kind == .pipe else { return nil }
        self.identity = identity
        self.role = role
    }
}
