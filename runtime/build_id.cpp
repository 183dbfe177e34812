// Build ids from the notes of loaded ELF files.
#include "runtime/build_id.h"

#include "runtime/error.h"
#include "runtime/hash.h"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <cstring>

namespace ogee::runtime {
namespace {

struct Search {
  uintptr_t address;
  std::string id;
};

std::string hexadecimal(const unsigned char* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return text;
}

size_t padded(size_t bytes) { return (bytes + 3) / 4 * 4; }

/// The build id among the notes in [at, end), or "".
std::string find_note(const unsigned char* at, const unsigned char* end) {
  ElfW(Nhdr) note;
  while (static_cast<size_t>(end - at) >= sizeof note) {
    std::memcpy(&note, at, sizeof note);
    at += sizeof note;
    const size_t left = static_cast<size_t>(end - at);
    if (padded(note.n_namesz) > left || padded(note.n_descsz) > left - padded(note.n_namesz)) return "";
    const bool found = note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(at, "GNU", 4) == 0;
    at += padded(note.n_namesz);
    if (found) return hexadecimal(at, note.n_descsz);
    at += padded(note.n_descsz);
  }
  return "";
}

std::string file_identity(const char* name) {
  const std::string path = name && *name ? name : "/proc/self/exe"; // the program itself has no name here
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return "";
  return hash128(concat(path, " ", info.st_size, " ", info.st_mtim.tv_sec, " ", info.st_mtim.tv_nsec)).to_string();
}

int visit(dl_phdr_info* object, size_t, void* context) {
  Search& search = *static_cast<Search*>(context);
  const auto segment = [&](const ElfW(Phdr) & header) { return object->dlpi_addr + header.p_vaddr; };
  bool holds = false;
  std::string id;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type == PT_LOAD) holds |= search.address - segment(header) < header.p_memsz;
    if (header.p_type != PT_NOTE || !id.empty()) continue;
    const auto* const notes = reinterpret_cast<const unsigned char*>(segment(header));
    id = find_note(notes, notes + header.p_memsz);
  }
  if (!holds) return 0;
  search.id = id.empty() ? file_identity(object->dlpi_name) : id;
  return 1;
}

} // namespace

std::string build_id(const void* address) {
  Search search{reinterpret_cast<uintptr_t>(address), ""};
  dl_iterate_phdr(visit, &search);
  return std::move(search.id);
}

} // namespace ogee::runtime
