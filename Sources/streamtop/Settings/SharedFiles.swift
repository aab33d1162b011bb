import Glibc
import StreamtopCapture
import StreamtopView

/// The data that comes with the program: the demo capture and the themes. Found by the place of the executable, so that
/// an installation can be moved as a whole.
enum SharedFiles {
    /// Folders to look into, best first: the installed one, then those of a build tree.
    private static let folders: [String] = {
        guard let program = ownPath else { return [] }
        let folder = PathText.folder(of: program)
        var folders = [PathText.folder(of: folder) + "/share/streamtop"]
        // .build/<platform>/<configuration>/streamtop: the sources are a few folders up.
        var ancestor = folder
        for _ in 0..<4 {
            ancestor = PathText.folder(of: ancestor)
            if FileText.exists(ancestor + "/Package.swift") {
                folders += [ancestor, ancestor + "/Sources/streamtop/Resources"]
            }
        }
        return folders
    }()

    /// The bundled capture.
    static func demoCapture() throws(ProgramFailure) -> String {
        for folder in folders {
            let file = folder + "/demo.pcapng.gz"
            if FileText.exists(file) { return file }
        }
        throw ProgramFailure(
            .failure, "the demo capture is missing; looked in: \(folders.joined(separator: ", "))")
    }

    /// Paths of theme files by name. The user's own come first: they may replace those that come with the program.
    static func themeFiles(configPath: String?) -> [String: String] {
        var found: [String: String] = [:]
        // Lower case as other programs have it under share; the source tree writes it as its other folders.
        var positions = folders.flatMap { [$0 + "/themes", $0 + "/Themes"] }
        if let configPath { positions.insert(PathText.folder(of: configPath) + "/themes", at: 0) }
        for position in positions {
            for name in Folder.names(in: position) where name.hasSuffix(".toml") {
                let theme = String(name.dropLast(5))
                if found[theme] == nil { found[theme] = "\(position)/\(name)" }
            }
        }
        return found
    }

    private static var ownPath: String? {
        // The array lives for the call, which writes no more than it is told.
        var path = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &path, path.count)
        return count > 0 ? String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
