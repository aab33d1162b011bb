import StreamtopCapture

/// What a run reads and where it already writes: no output may be opened over it.
enum ProtectedFiles {
    static func of(_ settings: Settings) -> [ProtectedFile] {
        var found = inputs(of: settings)
        if let path = settings.configPath {
            found.append(ProtectedFile(FileIdentity(path: path), role: "the configuration"))
        }
        found.append(ProtectedFile(FileIdentity(descriptor: 1), role: "standard output"))
        found.append(ProtectedFile(FileIdentity(descriptor: 2), role: "standard error"))
        return found.compactMap { $0 }
    }

    /// A shell that appends standard output to the capture which is read would make it grow without end.
    static func checkStandardOutput(_ settings: Settings) throws(ProgramFailure) {
        guard let output = FileIdentity(descriptor: 1), output.kind == .regular else { return }
        for case let input? in inputs(of: settings) where input.identity == output {
            throw ProgramFailure(.usage, "standard output is \(input.role)")
        }
    }

    private static func inputs(of settings: Settings) -> [ProtectedFile?] {
        var found: [ProtectedFile?] = []
        if case .files(let names) = settings.input {
            for name in names {
                let identity = name == "-" ? FileIdentity(descriptor: 0) : FileIdentity(path: name)
                found.append(ProtectedFile(identity, role: "the capture that is read"))
            }
        }
        if let path = settings.keylog {
            found.append(ProtectedFile(FileIdentity(path: path), role: "the key log"))
        }
        return found
    }
}
