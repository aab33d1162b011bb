// Unsafe by nature: this file starts a process and talks to it over a pair of sockets. The proof: the arrays of arguments and
// the file actions live until posix_spawn(3) returns; buffers are lent with their own counts; descriptors are closed once.
import CHost
import Glibc

/// Finds owners of sockets when this process has given up the rights to see other users' files (decision 0262).
///
/// A second process of the same program, started before that and never shown a byte of the wire: it takes numbers of inodes
/// and gives names of processes, keeps the two capabilities that this needs, and ends when its caller does.
@safe
package final class OwnerFinder {
    /// First argument of the helper's command line.
    package static let argument = "--find-socket-owners"
    /// CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE: to list another user's descriptors, and no more.
    private static let capabilities: UInt32 = 1 << 2 | 1 << 19
    private static let inodeCapacity = 4_096

    private let descriptor: Int32
    private let pid: pid_t

    /// Starts it; nil when the system refuses.
    package init?() {
        var pair: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0
        else { return nil }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, pair[1], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, pair[1], 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [strdup("streamtop"), strdup(OwnerFinder.argument), nil]
        defer {
            unsafe free(arguments[0])
            unsafe free(arguments[1])
        }
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
        var child: pid_t = 0
        let status = unsafe posix_spawn(&child, "/proc/self/exe", &actions, nil, &arguments, &environment)
        close(pair[1])
        guard status == 0 else {
            close(pair[0])
            return nil
        }
        descriptor = pair[0]
        pid = child
        var wait = timeval(tv_sec: 2, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        // It ends at the end of its input.
        var status: Int32 = 0
        _ = unsafe waitpid(pid, &status, 0)
    }

    /// Asks for owners; nil when the helper is gone or too slow.
    func scan(_ wanted: Set<UInt32>) -> OwnerScan.Result? {
        let numbers = wanted.prefix(Self.inodeCapacity).map { "\($0)" }.joined(separator: " ")
        guard Self.write(descriptor, numbers + "\n") else { return nil }
        var reader = LineReader(descriptor)
        var result = OwnerScan.Result()
        while let line = reader.line() {
            if line == "." { return result }
            if let owner = Self.parse(line) { result.owners[owner.inode] = owner.owner }
        }
        return nil
    }

    /// "inode pid user container name", the name last: it may hold blanks.
    static func parse(_ line: String) -> (inode: UInt32, owner: OwnerScan.Owner)? {
        let words = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
        guard words.count == 5, let inode = UInt32(words[0]), let pid = Int(words[1]), let user = UInt32(words[2])
        else {
            return nil
        }
        let container = words[3] == "-" ? nil : String(words[3])
        return (inode, OwnerScan.Owner(pid: pid, name: String(words[4]), user: user, container: container))
    }

    static func line(_ inode: UInt32, _ owner: OwnerScan.Owner) -> String {
        let name = String(owner.name.map { $0 == "\n" || $0 == "\r" ? " " : $0 })
        return "\(inode) \(owner.pid) \(owner.user) \(owner.container ?? "-") \(name)\n"
    }

    /// The helper's whole life.
    package static func run() {
        for descriptor in Int32(3)..<1_024 { close(descriptor) }
        _ = signal(SIGINT, SIG_IGN)
        _ = signal(SIGPIPE, SIG_IGN)
        _ = streamtop_limit_capabilities(capabilities)
        _ = streamtop_no_new_privileges()
        _ = streamtop_forbid_core_files()
        var reader = LineReader(0)
        while let line = reader.line() {
            let wanted = Set(line.split(separator: " ").prefix(inodeCapacity).compactMap { UInt32($0) })
            var text = ""
            for (inode, owner) in OwnerScan.scan(wanted).owners { text += Self.line(inode, owner) }
            guard write(1, text + ".\n") else { return }
        }
    }

    private static func write(_ descriptor: Int32, _ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                return false
            }
            bytes = bytes.dropFirst(count)
        }
        return true
    }
}

/// Lines of a descriptor, each of at most a megabyte.
private struct LineReader {
    private let descriptor: Int32
    private var bytes: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// nil at the end, at a failure, and when nothing comes in time.
    mutating func line() -> String? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: bytes[..<end], as: UTF8.self)
                bytes.removeFirst(end + 1)
                return line
            }
            guard bytes.count < 1 << 20 else { return nil }
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}
