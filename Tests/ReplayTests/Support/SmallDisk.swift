import Foundation
import Testing

/// A disk with little room, in a mount namespace that only the program under test sees.
enum SmallDisk {
    static let isAvailable: Bool =
        getuid() == 0 && (try? shell("unshare -m true")) == 0

    static let reason: Comment = "needs root and mount namespaces"

    /// Put before a command: mounts a disk of `bytes` over `folder` and runs the command; what lies in the folder then is
    /// copied to `keeping` when the command is over. Its exit status is passed on.
    static func wrapper(bytes: Int, over folder: String, keeping: String) -> [String] {
        [
            "/usr/bin/unshare", "-m", "/bin/sh", "-c",
            """
            mount -t tmpfs -o size=\(bytes) tmpfs "$1" || exit 99
            folder="$1"; keep="$2"; shift 2
            trap : TERM INT
            "$@" & child=$!
            trap 'kill -TERM $child' TERM
            while :; do wait $child; status=$?; kill -0 $child 2>/dev/null || break; done
            cp -r "$folder"/. "$keep"/
            exit $status
            """, "sh", folder, keeping,
        ]
    }

    private static func shell(_ script: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
