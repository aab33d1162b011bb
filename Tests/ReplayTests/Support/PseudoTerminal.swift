import Foundation

/// The program on a terminal of its own: a pseudo-terminal that is its controlling one, as a shell's child has it.
///
/// Reading collects what the program writes; what it left the terminal in can be asked for after its end.
final class PseudoTerminal {
    struct Failure: Error { var message: String }

    private var master: Int32
    /// Kept open, so that the terminal lives on after the program.
    private var slave: Int32
    private(set) var process: pid_t = 0
    /// Everything written so far.
    private(set) var written: [UInt8] = []
    private(set) var modesBefore = termios()
    private var status: Int32?

    /// - Parameters:
    ///   - wrapper: a command before the program's own path, such as one that enters a network namespace.
    init(
        _ arguments: [String], wrapper: [String] = [], environment: [String: String], columns: UInt16 = 80,
        rows: UInt16 = 24
    ) throws {
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // unlockpt and ptsname, which Swift does not see: TIOCSPTLCK and TIOCGPTN.
        var lock: Int32 = 0
        var number: UInt32 = 0
        guard master >= 0, unsafe ioctl(master, 0x4004_5431, &lock) == 0,
            unsafe ioctl(master, 0x8004_5430, &number) == 0
        else { throw Failure(message: "no pseudo-terminal: errno \(errno)") }
        let path = "/dev/pts/\(number)"
        slave = unsafe open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(slave, UInt(TIOCSWINSZ), &size)
        _ = unsafe tcgetattr(slave, &modesBefore)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        let words = wrapper + [Program.path] + arguments
        try spawn(words, environment: Program.base.merging(environment) { $1 }, terminal: path)
    }

    deinit {
        if status == nil { _ = kill(process, SIGKILL) }
        hangUp()
    }

    /// The terminal goes away, as when its window is closed.
    func hangUp() {
        for descriptor in [slave, master] where descriptor >= 0 { close(descriptor) }
        (slave, master) = (-1, -1)
    }

    private func spawn(_ words: [String], environment: [String: String], terminal: String) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        _ = unsafe posix_spawn_file_actions_init(&actions)
        // The first terminal that a session leader opens becomes its controlling one.
        _ = unsafe posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        _ = unsafe posix_spawn_file_actions_adddup2(&actions, 0, 1)
        _ = unsafe posix_spawn_file_actions_adddup2(&actions, 0, 2)
        // Nothing of the tests' own stays open in the child, least of all what tells that another one ended.
        for other: Int32 in 3..<256 { _ = unsafe posix_spawn_file_actions_addclose(&actions, other) }
        var attributes = posix_spawnattr_t()
        _ = unsafe posix_spawnattr_init(&attributes)
        let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID, a macro Swift does not see
        _ = unsafe posix_spawnattr_setflags(&attributes, newSession)
        let argv = unsafe words.map { unsafe strdup($0) } + [nil]
        let envp = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        let result = unsafe posix_spawn(&process, words[0], &actions, &attributes, argv, envp)
        // A loop over pointers has to be marked unsafe, which the formatter breaks.
        // swift-format-ignore: ReplaceForEachWithForLoop
        unsafe (argv + envp).forEach { unsafe free($0) }
        _ = unsafe posix_spawn_file_actions_destroy(&actions)
        _ = unsafe posix_spawnattr_destroy(&attributes)
        guard result == 0 else { throw Failure(message: "cannot start \(words[0]): errno \(result)") }
    }

    /// Types.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe write(master, bytes, bytes.count)
    }

    /// Sends a signal to the program.
    func signal(_ number: Int32) {
        _ = kill(process, number)
    }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(slave, UInt(TIOCSWINSZ), &size)
        // The kernel tells the foreground group of the terminal, which a program started like this leads.
        signal(SIGWINCH)
    }

    /// Collects output until it contains `text`; false when `seconds` pass without it.
    @discardableResult
    func waitFor(_ text: String, seconds: Double = 30) -> Bool {
        let wanted = Array(text.utf8)
        return wait(seconds) { self.written.contains(wanted) }
    }

    /// Forgets what was written so far.
    func forget() {
        collect()
        written.removeAll()
    }

    /// Waits for the program to end. Returns its wait status, nil when it does not end in time.
    func waitForEnd(seconds: Double = 30) -> Int32? {
        _ = wait(seconds) { self.poll() }
        collect()
        return status
    }

    /// Whether the program is stopped, as by Ctrl-Z.
    func waitForStop(seconds: Double = 10) -> Bool {
        wait(seconds) {
            var state: Int32 = 0
            return unsafe waitpid(self.process, &state, WUNTRACED | WNOHANG) == self.process && state & 0xff == 0x7f
        }
    }

    /// The modes of the terminal are those from before the program.
    var modesAreRestored: Bool {
        var now = termios()
        guard unsafe tcgetattr(slave, &now) == 0 else { return false }
        return now.c_iflag == modesBefore.c_iflag && now.c_oflag == modesBefore.c_oflag
            && now.c_lflag == modesBefore.c_lflag && now.c_cflag == modesBefore.c_cflag
    }

    private func poll() -> Bool {
        if status != nil { return true }
        var state: Int32 = 0
        guard unsafe waitpid(process, &state, WNOHANG) == process else { return false }
        status = state
        return true
    }

    private func wait(_ seconds: Double, until condition: () -> Bool) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while true {
            collect()
            if condition() { return true }
            if Date() > end { return false }
            usleep(5_000)
        }
    }

    private func collect() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(master, &buffer, buffer.count)
            guard count > 0 else { return }
            written.append(contentsOf: buffer[..<count])
        }
    }
}
