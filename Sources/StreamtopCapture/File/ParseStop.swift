/// Why a parser of capture files stopped in a piece of a file.
enum ParseStop: Equatable {
    /// Everything up to `consumed` is done; the record that starts there is not whole yet.
    case needMore(consumed: Int, inside: String)
    /// The bytes at `at` break the format, for the reason given.
    case damaged(at: Int, reason: String)
}

/// Limits on what a capture file may make us hold, each with its reason.
enum CaptureLimits {
    /// One block or record. Frames have at most 262,144 bytes in practice, secrets and name blocks a few megabytes.
    static let blockBytes = 16 << 20
    /// libpcap's own bound on a frame.
    static let frameBytes = 262_144
    /// Interfaces of one section; files with one interface per container exist, files with more than this do not.
    static let interfacesPerSection = 65_536
    /// Interfaces described to the user over all sections.
    static let describedInterfaces = 4_096
    /// Secrets waiting to be taken by the caller.
    static let secretsBytes = 64 << 20
    /// Names of hosts waiting to be taken by the caller, of at most 256 bytes each.
    static let hostNames = 65_536
}
