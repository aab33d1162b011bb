// Unsafe by nature: this file changes the identity of the process. The proof: plain calls with values; the environment's
// string is copied before anything else runs.
import CHost
import Glibc

/// Gives up what only opening a capture needed, in two steps: leave root before files are opened for the user, drop
/// capabilities when all is open. Both before other threads start: capabilities belong to a thread, and threads inherit
/// them.
package enum Privileges {
    package enum Keeping: Sendable {
        case nothing
        /// CAP_NET_RAW alone, so that an interface that went away can be opened again.
        case rawSockets
    }

    /// The binary is setuid root: the user may do here only what they may do elsewhere.
    /// Found out before anything changes it.
    package static let isSetuid = geteuid() == 0 && getuid() != 0

    /// A setuid binary reads the configuration, themes and whatever else its user names as that user, until it raises
    /// itself again to open the capture.
    package static func lower() {
        if isSetuid { _ = seteuid(getuid()) }
    }

    package static func raise() {
        if isSetuid { _ = seteuid(0) }
    }

    /// Who a process of root becomes once what needs root is open.
    package enum Successor: Equatable, Sendable {
        /// The user who called sudo or ran a setuid binary, else the one called "nobody": root that nobody else stands
        /// behind must not read what strangers sent.
        case caller
        /// The user of this name; "root" stays root.
        case named(String)
    }

    /// A user to become.
    package struct User: Equatable, Sendable {
        var id: uid_t
        var group: gid_t
        /// Nobody asked for this user: files of the one who started the program are not theirs.
        package var isNobody = false
    }

    package struct Failure: Error, Equatable, Sendable {
        package var message: String
    }

    /// Who this process is to become; nil when it is not root, or is to stay.
    package static func user(after root: Successor) throws(Failure) -> User? {
        guard geteuid() == 0 else { return nil }
        // Who runs a setuid binary chooses nobody's rights but their own.
        if isSetuid, root != .caller { throw Failure(message: "-Z is for root") }
        switch root {
        case .caller:
            if let caller = callingUser() { return caller }
            // Nobody's numbers, where the system has nobody of that name.
            var nobody = named("nobody") ?? User(id: 65_534, group: 65_534)
            nobody.isNobody = true
            return nobody
        case .named(let name):
            guard let user = named(name) else { throw Failure(message: "there is no user \(name)") }
            return user.id == 0 ? nil : user
        }
    }

    /// Becomes `user`; files opened from here on are that user's. A process that cannot leave root must not go on.
    package static func become(_ user: User) throws(Failure) {
        // Without this the capability to capture would go with the number.
        _ = streamtop_keep_capabilities(1)
        defer { _ = streamtop_keep_capabilities(0) }
        guard setgroups(0, nil) == 0, setgid(user.group) == 0, setuid(user.id) == 0, geteuid() == user.id else {
            throw Failure(message: "cannot leave root: \(errorText(errno))")
        }
    }

    /// Drops capabilities and forbids to gain any again. Returns what could not be given up, in words; nil when all is
    /// well.
    @discardableResult
    package static func drop(keeping: Keeping = .nothing) -> String? {
        let rawSocketsBit: UInt32 = 1 << 13  // CAP_NET_RAW
        let mask: UInt32 = keeping == .rawSockets ? rawSocketsBit : 0
        if streamtop_limit_capabilities(mask) != 0 { return "cannot drop capabilities: \(errorText(errno))" }
        if streamtop_no_new_privileges() != 0 { return "cannot forbid new privileges: \(errorText(errno))" }
        return nil
    }

    /// From now on this process leaves no core file: for one that holds secrets of others' connections.
    package static func forbidCoreFiles() { _ = streamtop_forbid_core_files() }

    /// Name of the user whose rights this process has; the number where nobody has given it a name.
    package static var currentUser: String {
        guard let entry = unsafe getpwuid(geteuid()), let name = unsafe entry.pointee.pw_name else {
            return "user \(geteuid())"
        }
        return unsafe String(cString: name)
    }

    /// Who really runs this: the real user of a setuid binary, or the one sudo names.
    private static func callingUser() -> User? {
        if getuid() != 0 { return User(id: getuid(), group: getgid()) }
        guard let id = number("SUDO_UID"), id != 0 else { return nil }
        return number("SUDO_GID").map { User(id: id, group: $0) }
    }

    private static func named(_ name: String) -> User? {
        guard let entry = unsafe getpwnam(name) else { return nil }
        return unsafe User(id: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    private static func number(_ name: String) -> UInt32? {
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe UInt32(String(cString: text))
    }

    private static func errorText(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
