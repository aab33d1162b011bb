import Foundation
import StreamtopView

/// The data that comes with the program: the demo capture and the themes. Found by the place of the executable, so that
/// an installation can be moved as a whole.
enum SharedFiles {
    /// Folders to look into, best first: the installed one, then those of a build tree.
    private static let folders: [URL] = {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return [] }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        var folders = [
            folder.appendingPathComponent("../share/streamtop"),
            folder.appendingPathComponent("streamtop_streamtop.resources/Resources"),
        ]
        // .build/<platform>/<configuration>/streamtop: the sources are a few folders up.
        var ancestor = folder
        for _ in 0..<4 {
            ancestor.deleteLastPathComponent()
            if FileManager.default.fileExists(atPath: ancestor.appendingPathComponent("Package.swift").path) {
                folders.append(ancestor)
                folders.append(ancestor.appendingPathComponent("Sources/streamtop/Resources"))
            }
        }
        return folders.map(\.standardizedFileURL)
    }()

    /// The bundled capture.
    static func demoCapture() throws(ProgramFailure) -> String {
        for folder in folders {
            let file = folder.appendingPathComponent("demo.pcapng.gz").path
            if FileManager.default.fileExists(atPath: file) { return file }
        }
        throw ProgramFailure(
            .failure, "the demo capture is missing; looked in: \(folders.map(\.path).joined(separator: ", "))")
    }

    /// Theme files by name. The user's own come first: they may replace those that come with the program.
    static func themeFiles(configPath: String?) -> [String: URL] {
        var found: [String: URL] = [:]
        // Lower case as other programs have it under share; the source tree writes it as its other folders.
        var places = folders.flatMap { [$0.appendingPathComponent("themes"), $0.appendingPathComponent("Themes")] }
        if let configPath {
            places.insert(
                URL(fileURLWithPath: configPath).deletingLastPathComponent().appendingPathComponent("themes"), at: 0)
        }
        for place in places {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
            for name in names where name.hasSuffix(".toml") {
                let theme = String(name.dropLast(5))
                if found[theme] == nil { found[theme] = place.appendingPathComponent(name) }
            }
        }
        return found
    }
}
