// Unsafe by nature: this file changes the identity of the process. The proof: plain calls with values; the environment's
// string is copied before anything else runs.
import CPcap
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
    package static var isSetuid: Bool { geteuid() == 0 && getuid() != 0 }

    /// Leaves root for the user who called sudo or ran a setuid binary; files opened from here on are that user's.
    /// A root that nobody else stands behind keeps its number. Returns what went wrong, in words; nil when all is well.
    package static func leaveRoot() -> String? {
        guard geteuid() == 0, let user = callingUser() else { return nil }
        // Without this the capability to capture would go with the number.
        _ = streamtop_keep_capabilities(1)
        defer { _ = streamtop_keep_capabilities(0) }
        guard setgroups(0, nil) == 0, setgid(user.group) == 0, setuid(user.id) == 0 else {
            return "cannot leave root: \(errorText(errno))"
        }
        return nil
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

    /// Who really runs this: the real user of a setuid binary, or the one sudo names.
    private static func callingUser() -> (id: uid_t, group: gid_t)? {
        if getuid() != 0 { return (getuid(), getgid()) }
        guard let id = number("SUDO_UID"), id != 0, let group = number("SUDO_GID") else { return nil }
        return (id, group)
    }

    private static func number(_ name: String) -> UInt32? {
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe UInt32(String(cString: text))
    }
}
