import Foundation

/// Files beside these tests and files of the package.
enum TestFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let package = folder.deletingLastPathComponent().deletingLastPathComponent()

    /// Contents of the `.toml` files of a folder by name without extension, in order of names.
    static func themes(in folder: URL) throws -> [(name: String, text: String)] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "toml" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .map { ($0.deletingPathExtension().lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    }
}
