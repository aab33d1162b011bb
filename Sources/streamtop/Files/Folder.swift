// Unsafe by nature: this file walks a folder with readdir(3). The proof: an entry is read before the next call changes it,
// and its name ends with a zero within the record.
import Glibc

/// Folders of the file system.
enum Folder {
    /// Makes the folder and those it lies in, where they are missing. The error number, or nil when it is there.
    static func make(_ path: String) -> Int32? {
        var end = path.startIndex
        // Ends: each round finds the next separator, the last one the end.
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            let ancestor = String(path[..<end])
            if unsafe mkdir(ancestor, 0o777) != 0, errno != EEXIST, !isFolder(ancestor) { return errno }
        }
        return isFolder(path) ? nil : ENOTDIR
    }

    /// Names of what lies in the folder, in no order; none where it cannot be read.
    static func names(in path: String) -> [String] {
        guard let stream = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
