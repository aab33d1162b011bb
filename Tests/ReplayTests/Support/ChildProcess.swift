import Foundation

/// A process of ours, started and waited for by the system's own calls.
///
/// Foundation's `Process` learns of an end by a socket that closes with the child. Children that are started at the same
/// moment inherit that socket, and the end is then seen when the last of them ends.
final class ChildProcess {
    struct Failure: Error { var message: String }

    private(set) var identifier: pid_t = 0
    private var status: Int32?

    /// - Parameters:
    ///   - words: the program's path, then its arguments.
    ///   - input: a descriptor to read from; nil for the null device.
    init(_ words: [String], environment: [String: String], input: Int32? = nil, output: Int32, errors: Int32) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        _ = unsafe posix_spawn_file_actions_init(&actions)
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            _ = unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            _ = unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        _ = unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        _ = unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Nothing of the tests' own stays open in the child.
        for other: Int32 in 3..<256 { _ = unsafe posix_spawn_file_actions_addclose(&actions, other) }
        let argv = unsafe words.map { unsafe strdup($0) } + [nil]
        let envp = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        let result = unsafe posix_spawn(&identifier, words[0], &actions, nil, argv, envp)
        // A loop over pointers has to be marked unsafe, which the formatter breaks.
        // swift-format-ignore: ReplaceForEachWithForLoop
        unsafe (argv + envp).forEach { unsafe free($0) }
        guard result == 0 else { throw Failure(message: "cannot start \(words[0]): errno \(result)") }
    }

    deinit {
        guard isRunning else { return }
        signal(SIGKILL)
        wait()
    }

    var isRunning: Bool {
        if status != nil { return false }
        var word: Int32 = 0
        guard unsafe waitpid(identifier, &word, WNOHANG) == identifier else { return true }
        status = word
        return false
    }

    /// Waits for the end.
    func wait() {
        var word: Int32 = 0
        while status == nil {
            if unsafe waitpid(identifier, &word, 0) == identifier { status = word } else if errno != EINTR { return }
        }
    }

    func signal(_ number: Int32) {
        if isRunning { _ = kill(identifier, number) }
    }

    /// The exit status; for one that a signal ended the signal's number. Only after the end.
    var terminationStatus: Int32 { endSignal ?? (((status ?? 0) >> 8) & 0xff) }

    /// The signal that ended it; nil when it ended by itself.
    var endSignal: Int32? {
        let number = (status ?? 0) & 0x7f
        return number == 0 ? nil : number
    }
}
